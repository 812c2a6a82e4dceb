"""The applications: recognising words, pictures and texts with the one network of `backprop_core`.

Each folder is a room. An arrow goes down only: `cli` reads a command and calls a verb of `verbs`; a verb asks
`diagnosis` for findings and `report` for pages; both look at `models`, which `learning` makes out of what `features`
and `datasets` bring; `runs` repeats trainings, and `machine` knows the computer.
"""
