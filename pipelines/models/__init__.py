"""Models: finished trainings, their answers, and the evidence for an answer."""
