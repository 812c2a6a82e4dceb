"""Reports: numbers as pictures and pages, for people to look at."""
