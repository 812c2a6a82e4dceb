"""Verbs: one function for each command. A verb does not import another verb, and does not ask which task is used."""
