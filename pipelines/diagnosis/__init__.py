"""Diagnosis: what went wrong with the learning, how that is known, and what to try next."""
