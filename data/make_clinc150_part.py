"""Makes the bundled part of CLINC150: every third intent in the order of the alphabet, with all of its sentences.

    python data/make_clinc150_part.py data/downloads/text/clinc150/data_full.json

Of the sentences out of scope it keeps those to learn from and to choose by, and every fourth of the test. The form is
that of the whole file, a sentence a line.
"""

import json
import sys
from pathlib import Path

OUT = Path(__file__).parent / "bundled" / "clinc150-part" / "data_part.json"


def part_of(full):
    """Return the part of CLINC150 that is bundled: dict of str to list of [sentence, intent]."""
    kept = set(sorted({intent for _, intent in full["train"]})[::3])
    part = {name: [entry for entry in full[name] if entry[1] in kept] for name in ("train", "val", "test")}
    return {**part, "oos_train": full["oos_train"], "oos_val": full["oos_val"], "oos_test": full["oos_test"][::4]}


def as_lines(part):
    """Return the part as JSON, a sentence a line."""
    lists = (
        json.dumps(name) + ":[\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries) + "\n]"
        for name, entries in part.items()
    )
    return "{" + ",\n".join(lists) + "}\n"


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(as_lines(part_of(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))), encoding="utf-8")
