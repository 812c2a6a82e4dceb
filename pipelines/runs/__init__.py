"""Runs: many trainings, here or on a cluster.

Each result is stored when it is finished. These modules do not know what is trained.
"""
