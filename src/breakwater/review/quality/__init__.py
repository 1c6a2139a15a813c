"""How far graders agree: intervals, known answers, drift, alarms. Nobody grades here."""
