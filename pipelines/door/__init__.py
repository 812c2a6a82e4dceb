"""The door: the Python interface, which the command line uses too.

`import pipelines` shows all of it. Each function checks its arguments, calls a verb, and returns the result of the
verb; it does not change a record.
"""
