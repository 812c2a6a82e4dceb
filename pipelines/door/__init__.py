"""The door: what a Python program calls, and what the command line calls too.

`import pipelines` shows all of it. Each function makes sense of what it is given, calls a verb, and returns what the
verb found; it adds nothing to a record.
"""
