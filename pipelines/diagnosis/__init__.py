"""Diagnosis: what went wrong with the learning, the evidence for it, and what to try next."""
