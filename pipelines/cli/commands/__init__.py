"""The commands, one module each: `train.py` defines the function `train`, a click command.

To add a command, write its module and name it here, with the first sentence of its help, which `backprop --help` lists
without importing it. A module is imported when its command is called; it imports its verb inside the function.
"""

COMMANDS = {
    "crossval": "Cross-validate: every sample is tested by a network that has not learned from it.",
    "datasets": "List the registered data sets, or fetch some.",
    "demonstrate": "Make learning fail on purpose, and cure it: you see how the verdict changes.",
    "diagnose": "Say what went wrong with the learning, show the evidence, and name the next thing to try.",
    "evaluate": "Measure a model on samples that it has not learned from.",
    "explain": "Show one training step on one sample, number by number; the model file is not changed.",
    "export": "Write a model in another form, which needs no Python and gives the same answers.",
    "gradcheck": "Compare gradients by backpropagation with numerical ones.",
    "info": "Show what is in a model file.",
    "lab": "Open a page on this computer: draw, speak, teach, and watch a network learn.",
    "listen": "Recognise words as they are spoken into a microphone, until Ctrl-C.",
    "predict": "Recognise what is in recordings, pictures or texts; FILE may be a folder, or - for standard input.",
    "recipe": "Show every entry of a recipe: its meaning, its range, and its value in each preset.",
    "record": "Record your own words from a microphone, as a data set to train on.",
    "train": "Train a model.",
    "transcribe": "Find the words in longer recordings and recognise each; FILE may be a folder, or - for standard "
    "input.",
    "voices": "Make a data set of words in synthetic voices, to begin without recording.",
}
