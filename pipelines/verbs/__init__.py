"""Verbs: one function for each command. No verb imports another, and none asks which task it is at."""
