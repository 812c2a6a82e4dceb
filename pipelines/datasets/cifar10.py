"""CIFAR-10: 60,000 small photographs of ten kinds of things, as JPEG files.

Folders say everything: `train/<class>/NNNN.jpg`, 5,000 of each class, and `test/<class>/NNNN.jpg`, 1,000 of each.
"""

from pipelines.datasets.rows import Row
from pipelines.errors import DataError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
N_IMAGES = {"train": 5000, "test": 1000}  # of each class


def read_rows(folder):
    """Read the names below `train/` and `test/`.

    Parameters
    ----------
    folder : Path
        The unpacked archive.

    Returns
    -------
    list of Row
        60,000 rows by role, class and number.

    Raises
    ------
    DataError
        If a picture is missing, or there is a file that does not belong there.
    """
    return [row for role in N_IMAGES for label in CLASSES for row in _class_rows(folder, role, label)]


def _class_rows(folder, role, label):
    place = folder / role / label
    expected = [f"{number:04d}.jpg" for number in range(N_IMAGES[role])]
    found = {path.name for path in place.iterdir()} if place.is_dir() else set()
    advice = f"delete {folder} and fetch the data set again"
    if missing := [name for name in expected if name not in found]:
        raise DataError(f"{place / missing[0]}: is missing ({len(missing)} of {len(expected)} pictures are); {advice}")
    if strange := sorted(found.difference(expected)):
        raise DataError(f"{place / strange[0]}: is not a picture of this data set; {advice}")
    return [Row(f"{role}/{label}/{name}", place / name, label, role) for name in expected]
