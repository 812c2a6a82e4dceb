"""Demonstrations: trainings that fail on purpose, each followed by what cures it.

What overfitting or a vanishing gradient is, one believes after having seen it come and go. Each module here is one such
failure: a short list of trials that differ in a setting or two. What is said of a trial is computed from its course.
"""
