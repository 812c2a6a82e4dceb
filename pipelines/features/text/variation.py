"""Variation of text: changes of a training sentence, so that the network does not memorise it.

People leave words out, change their order, and mistype. So each time a sentence is used, some of its words are dropped,
two neighbours may change places, and a letter may be lost, doubled, exchanged or replaced. The first words keep their
places: they often say alone what the sentence wants, as "how much" and "how far" do.
"""

from dataclasses import dataclass, replace

NEAR = {  # keys beside each other on the common keyboards
    "a": "qwsz", "b": "vghn", "c": "xdfv", "d": "serfcx", "e": "wsdr", "f": "drtgvc", "g": "ftyhbv", "h": "gyujnb",
    "i": "ujko", "j": "huikmn", "k": "jiolm", "l": "kop", "m": "njk", "n": "bhjm", "o": "iklp", "p": "ol", "q": "wa",
    "r": "edft", "s": "awedxz", "t": "rfgy", "u": "yhji", "v": "cfgb", "w": "qase", "x": "zsdc", "y": "tghu",
    "z": "asx",
}  # fmt: skip

KEPT = 2  # words at the beginning of a text that are neither dropped nor swapped


@dataclass(frozen=True)
class Variation:
    """How often a training text is changed, each as a probability from 0 to 1.

    Parameters
    ----------
    drop : float, that a word is dropped, except the first `KEPT`
    swap : float, that two neighbouring words change places, once in a text, except the first `KEPT`
    typo : float, that a word of four letters or more has one typing error
    """

    drop: float = 0.1
    swap: float = 0.1
    typo: float = 0.05

    def scale(self, strength: float) -> "Variation":
        """Return the variation so many times as strong, no probability above 1/2."""
        return replace(self, **{name: min(0.5, strength * value) for name, value in vars(self).items()})

    def vary(self, text: str, rng) -> str:
        """Return the text, changed as the random stream `rng` has it; words are what blanks part."""
        words = text.split()
        first, others = words[:KEPT], words[KEPT:]
        others = [word for word, chance in zip(others, rng.random(len(others)), strict=True) if chance >= self.drop]
        if len(others) > 1 and rng.random() < self.swap:
            k = int(rng.integers(len(others) - 1))
            others[k], others[k + 1] = others[k + 1], others[k]
        words = first + others
        if self.typo:
            chances = rng.random(len(words))
            words = [
                mistype(word, rng) if chance < self.typo and len(word) > 3 else word
                for word, chance in zip(words, chances, strict=True)
            ]
        return " ".join(words)


def mistype(word: str, rng) -> str:
    """Return a word of two letters or more with one letter lost, doubled, exchanged with the next, or replaced."""
    k, kind = int(rng.integers(len(word) - 1)), int(rng.integers(4))
    if kind == 0:
        return word[:k] + word[k + 1 :]
    if kind == 1:
        return word[:k] + word[k] + word[k:]
    if kind == 2:
        return word[:k] + word[k + 1] + word[k] + word[k + 2 :]
    near = NEAR.get(word[k])
    return word[:k] + near[int(rng.integers(len(near)))] + word[k + 1 :] if near else word
