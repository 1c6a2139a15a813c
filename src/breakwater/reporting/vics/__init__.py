"""Cases for investigators' programs: VICS 2.0 (Project VIC), which CAID exchanges too."""
