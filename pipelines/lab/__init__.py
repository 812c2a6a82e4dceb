"""The lab: a page on this computer to draw, speak and teach, and to watch a network learn and think.

`guard` decides who may ask at all, `application` which address is answered by what of the `lab`, and `server` runs
them. Behind them stand the rooms' own nouns: the `shelf` of models, the `samples` that are looked at, the `sight` of
one answer, the `course` of one training, the `lesson` of what somebody teaches. The pages themselves are in `page/`, as
plain JavaScript modules that a browser reads as they are.

Every number that a page shows is one that a verb returns, so that `--json` has it too.
"""
