"""The lab: a page on this computer to draw, speak and teach, and to watch a network learn.

`guard` decides who may use the lab, `application` maps each address to a function of the `lab`, and `server` runs them.
Each module behind them has one noun: the `shelf` of models, the `samples`, the `sight` of one answer, the `course` of
one training, the `lesson` with the classes of a user. The pages are in `page/`, as plain JavaScript modules that a
browser loads without a build step. Every number on a page is returned by a verb, so `--json` prints it too.
"""
