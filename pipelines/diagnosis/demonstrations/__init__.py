"""Demonstrations: trainings that fail on purpose, each followed by its cure.

People understand overfitting or a vanishing gradient better after they have seen it come and go. Each module here is
one failure: a short list of trials that differ in one or two settings. The judgement of a trial is computed from its
course.
"""
