"""Leftovers: the files and folders that systems and programs leave in other people's folders.

Windows keeps small pictures in Thumbs.db, a Mac's zip brings a folder __MACOSX, Jupyter a copy of all that was opened.
They are in the folder of a data set, but do not belong to it: every reader ignores them without an error.
"""

import fnmatch
import re

# In small letters, because names are compared without regard to case, as in Windows.
_NAMES = frozenset(
    {
        "thumbs.db",
        "thumbs.db:encryptable",
        "ehthumbs.db",
        "ehthumbs_vista.db",
        "desktop.ini",
        "folder.htt",
        "icon\r",
        "picasa.ini",
        "albumartsmall.jpg",
        "iconcache.db",
        "__macosx",
        "__pycache__",
        "$recycle.bin",
        "recycler",
        "system volume information",
        "lost+found",
        "network trash folder",
        "temporary items",
        "@eadir",
        "@tmp",
        "#recycle",
        "#snapshot",
        "wpsettings.dat",
        "cvs",
        "nohup.out",
    }
)
_PATTERNS = (
    ".*",  # hidden: .DS_Store, ._x, .git, .ipynb_checkpoints, .x.icloud, .Trash-1000, .nfs0001, .~lock.x#
    "~$*",  # Office, while a document is open
    "*~",  # editors' copies
    "#*#",
    "*.crdownload",  # downloads that are not finished, of Chrome, Firefox, Safari, wget and curl
    "*.part",
    "*.partial",
    "*.download",
    "*.filepart",
    "*.!ut",
    "*.swp",
    "*.tmp",
    "*.lnk",
    "albumart_{*}_*.jpg",
)
_ANY_PATTERN = re.compile("|".join(map(fnmatch.translate, _PATTERNS))).match  # fast enough for 50,000 names


def is_left_behind(name):
    """Tell whether a file or a folder of this name (str, without its folder) was left behind by a system or a tool."""
    name = name.lower()
    return name in _NAMES or _ANY_PATTERN(name) is not None
