"""The commands, one module each: `train.py` defines the function `train`, a click command.

To add a command, write its module and name it here. A module is imported only when its command is called, or when
`--help` lists it, so it imports its verb inside the function.
"""

COMMANDS = (
    "crossval",
    "datasets",
    "demonstrate",
    "diagnose",
    "evaluate",
    "explain",
    "export",
    "gradcheck",
    "info",
    "lab",
    "listen",
    "predict",
    "recipe",
    "record",
    "train",
    "transcribe",
    "voices",
)
