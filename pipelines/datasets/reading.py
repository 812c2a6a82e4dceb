"""A reading: what a reader found in a user's folder, table or archive, before it becomes a data set."""

from dataclasses import dataclass, field
from pathlib import Path

from pipelines.datasets.texts import TextRow


@dataclass
class Reading:
    """Rows, and what there is to be said about them.

    Attributes
    ----------
    rows : list of Row, or of texts.TextRow
    skipped : list of str
        A sentence for each file that was left out.
    notes : list of str
        Sentences about how the data was understood.
    noise : tuple of Path
        Recordings of noise, which are no samples.
    layout : str
        How the data lies there, in a few words.
    """

    rows: list
    skipped: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    noise: tuple[Path, ...] = ()
    layout: str = ""

    @property
    def are_texts(self):
        """Whether the rows are texts rather than files: bool."""
        return bool(self.rows) and isinstance(self.rows[0], TextRow)
