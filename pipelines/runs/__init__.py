"""Runs: many trainings, here or on a cluster, each kept when it is finished. What is trained is not known here."""
