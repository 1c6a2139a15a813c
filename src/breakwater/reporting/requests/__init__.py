"""Legal requests both ways: taken in, answered by two people or refused; drafted, sent, answered."""
