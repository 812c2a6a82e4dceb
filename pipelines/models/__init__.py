"""Models: what a finished training is, what it answers, and what led to an answer."""
