"""Every suffix under which the libraries know a file is one by which it is found."""

import soundfile
from PIL import Image

from pipelines.machine.suffixes import SUFFIXES


def test_whatever_pillow_opens_by_its_own_suffix_is_a_picture():
    no_picture = {".pdf", ".eps", ".ps", ".mpg", ".mpeg", ".emf", ".wmf", ".h5", ".hdf", ".grib", ".bufr", ".palm"}
    openers = {suffix for suffix, format in Image.registered_extensions().items() if format in Image.OPEN}
    assert openers - no_picture <= SUFFIXES["images"]


def test_whatever_soundfile_names_that_has_a_header_is_sound():
    formats = {f".{name.lower()}" for name in soundfile.available_formats()}
    rare = {
        ".avr",
        ".htk",
        ".mat4",
        ".mat5",
        ".mpc2k",
        ".paf",
        ".pvf",
        ".raw",
        ".sd2",
        ".sds",
        ".svx",
        ".wavex",
        ".wve",
        ".xi",
    }
    assert formats - rare <= SUFFIXES["speech"]


def test_no_suffix_means_both():
    assert not SUFFIXES["speech"] & SUFFIXES["images"]
    assert all(suffix == suffix.lower() and suffix.startswith(".") for known in SUFFIXES.values() for suffix in known)
