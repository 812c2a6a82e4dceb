"""Reports: numbers as pictures and pages for people."""
