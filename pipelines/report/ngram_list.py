"""N-gram lists: the network's input for a text, sorted by weight."""

from pipelines.learning.unseen import first_weights
from pipelines.wording import escape


def ngram_lines(model, text):
    """Return lines that list the n-grams of a text by weight, and mark those that are new to the model."""
    stored, known = model.extractor.extract_row(text), first_weights(model.network).any(axis=1)
    factors = dict(zip(stored.columns.tolist(), model.standardizer.factors(stored).tolist(), strict=True))
    rows = [(piece, piece.value * factors[piece.column]) for piece in model.extractor.pieces(text)]
    rows.sort(key=lambda row: (-abs(row[1]), row[0].text))
    new = sum(not known[piece.column] for piece, _ in rows)
    yield escape(" ".join(text.split()))
    yield ""
    yield f"{len(rows)} n-grams, sorted by weight; {new} of them are in no training text and have no effect"
    yield ""
    yield "weight   times  column  n-gram"
    for piece, weight in rows:
        never = "" if known[piece.column] else "   (new)"
        yield f'{weight:+.4f} {piece.count:7d} {piece.column:7d}  "{escape(piece.text)}"{never}'
    yield ""
