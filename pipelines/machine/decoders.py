"""Decoders, and the library that draws: keeps what they print by themselves away from the user."""

import logging
import warnings


def ignore_decoders() -> None:
    """Keep back what Pillow and Matplotlib warn of, odd headers and folders that are not theirs, in the whole process.

    For a process of this program alone: a file is either good to use here, or refused with a sentence.
    """
    warnings.filterwarnings("ignore", message="Image size .* exceeds limit", category=RuntimeWarning)
    warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
