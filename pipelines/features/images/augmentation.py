"""Image augmentation: training pictures are varied in each epoch, like different pictures of the same thing.

A 7 that leans a little more is still a 7. A network that only sees the training rows must guess this. A network that
sees each of them turned, stretched, shifted and bent in new ways learns it, and cannot memorise the rows.

What varies, and how far, follows from the training pictures (`Amounts.choose_for`), never from a data set's name. Near
the end of training the variation fades, so that the network ends with pictures as they are.
"""

import functools
import math
from dataclasses import asdict, dataclass, replace
from typing import ClassVar

import numpy as np

from pipelines.features.images import picture_character, warping
from pipelines.features.images.erasing import erase
from pipelines.features.images.extractor import CHANNELS
from pipelines.features.images.flourishes import with_flourishes
from pipelines.features.images.lighting import relit
from pipelines.features.images.pen import redraw
from pipelines.features.images.variants import variants_of_training
from pipelines.features.prefetching import prefetch

FADE = 0.1  # variation fades in this last share of the training
SHEET_SIDE = 512  # pixels
STIFFNESS = 1 / 7  # sigma of the elastic displacements, as a share of the side: 4 pixels of 28
MEASURED = 2000
LONG = 100  # epochs; a shorter training does not get through mirror images as well (measured on Fashion-MNIST)
SHOWS_A_PEN = 20  # pixels of the shorter side


@dataclass(frozen=True)
class Amounts:
    """How far pictures are varied at strength 1, each time to a degree and in a direction drawn at random.

    Attributes
    ----------
    mirror : bool
        Whether half of the pictures are mirrored.
    shift : float >= 0, up to this share of the side, in both directions
    rotation : float >= 0, up to so many degrees, about the centre
    scale, aspect : float >= 0
        Larger or smaller by up to this share; height against width by up to this share.
    shear : float >= 0, up to so many pixels sideways for each pixel up
    bend : float >= 0
        Elastic displacements with a root mean square of up to this share of the side.
    contrast, brightness : float >= 0
        Contrast up to so much stronger or weaker, as a power of e; each colour brighter or darker by up to this share
        of the whole range.
    erasing : float in [0, 1], the share of pictures that lose a rectangle
    pen : float in [0, 1], the share of drawings that are made with another pen
    flourish : float in [0, 1], the share of drawings that are looked at for whether they may have a flag, foot or bar
    """

    mirror: bool = False
    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    aspect: float = 0.0
    shear: float = 0.0
    bend: float = 0.0
    contrast: float = 0.0
    brightness: float = 0.0
    erasing: float = 0.0
    pen: float = 0.0
    flourish: float = 0.0

    @classmethod
    def choose_for(cls, pictures, y, long=False):
        """Choose what suits training pictures.

        Handwriting is figures of thin strokes on an even ground (`evenness_of_edges` at least 1/2): everybody's hand
        bends, leans and scales it differently. Thin is a `breadth_of_figures` of at most 1/6 of the side, or of 2.5
        pixels, because a small picture cannot show a thinner stroke. Broader figures on a flat ground keep their
        outline: they move and grow a little, and none of their parts is to be relied on. Photographs show their thing
        anywhere and at any size; also before a wall, which is even but not flat. Mirrored are the pictures whose mirror
        image means the same (`can_be_mirrored`), and in a long training those whose mirror image means nothing else
        (`mirror_images_fit_in`): it doubles what there is to learn. Another pen and flourishes are for bright strokes
        on a dark ground, in pictures that are large enough to show them.

        Parameters
        ----------
        pictures : ndarray of uint8 [shape=(n, height, width, n_channels)]
        y : ndarray of int [shape=(n,)], their classes
        long : bool, whether the training has `LONG` epochs or more

        Returns
        -------
        amounts : Amounts
        because : dict of str to float, what was measured
        """
        some = pictures[:: max(1, len(pictures) // MEASURED)]
        evenness, breadth = picture_character.evenness_of_edges(some), picture_character.breadth_of_figures(some)
        mirror, plain, mirrored = picture_character.can_be_mirrored(pictures, y, np.random.default_rng(0))
        mirror = mirror or (long and picture_character.mirror_images_fit_in(pictures, y, np.random.default_rng(0)))
        thin = breadth <= max(1 / 6, 2.5 / min(pictures.shape[1:3]))
        least, flatness = (
            picture_character.EVEN_EDGES,
            picture_character.evenness_of_edges(some, picture_character.FLAT),
        )
        chosen = HANDWRITING if thin and evenness >= least else THINGS if flatness >= least else PHOTOGRAPHS
        if chosen is HANDWRITING and not (
            pictures.shape[3] == 1
            and min(pictures.shape[1:3]) >= SHOWS_A_PEN
            and picture_character.dark_ground(some) >= picture_character.KEPT
        ):
            chosen = replace(chosen, pen=0.0, flourish=0.0)
        because = {
            "evenness_of_edges": round(evenness, 4),
            "flatness_of_edges": round(flatness, 4),
            "breadth_of_figures": round(breadth, 4),
            "linear_accuracy": round(plain, 4),
            "linear_accuracy_mirrored": round(mirrored, 4),
        }
        return replace(chosen, mirror=mirror), because


HANDWRITING = Amounts(shift=0.07, rotation=12, scale=0.15, aspect=0.1, shear=0.15, bend=0.043, pen=0.35, flourish=0.08)
THINGS = Amounts(shift=0.018, scale=0.04, erasing=0.3)
PHOTOGRAPHS = Amounts(shift=0.125, rotation=10, scale=0.1, bend=0.015)


@dataclass(frozen=True)
class ImageAugmentation:
    """Varies training pictures.

    Attributes
    ----------
    height, width : int > 0, pixels
    n_channels : int, 1 or 3
    strength : float >= 0, by which all amounts but mirroring are multiplied
    amounts : Amounts
    because : dict of JSON types, what was measured of the training pictures
    n_variants : int >= 0
        How many variants of each picture epochs take turns among, see `variants`; 0: each epoch has its own.
    long : bool, whether the training has `LONG` epochs or more
    """

    height: int
    width: int
    n_channels: int
    strength: float
    amounts: Amounts
    because: dict
    n_variants: int = 0
    long: bool = False

    hesitation: ClassVar[float] = 1.0

    @classmethod
    def choose_for(cls, prepared, strength, n_variants=0, long=False):
        """Return the augmentation that suits the training rows of a Prepared data set."""
        extractor, (stored, y) = prepared.extractor, prepared.rows("train")
        shape = (extractor.height, extractor.width, CHANNELS[extractor.channels])
        amounts, because = Amounts.choose_for(stored.reshape(-1, *shape), y, long)
        return cls(*shape, strength, amounts, because, n_variants, long)

    def settings(self):
        """Return what was decided, as a dict of JSON types."""
        return asdict(self)

    def note(self):
        """Return what was decided, as a sentence."""
        told = [
            name if amount is True else f"{name} {amount:g}" for name, amount in asdict(self.amounts).items() if amount
        ]
        return f"Training pictures are varied with strength {self.strength:g}: {', '.join(told)}."

    def refit(self, prepared):
        """Return the augmentation that suits the training rows of another split."""
        return self.choose_for(prepared, self.strength, self.n_variants, self.long)

    def calibrating(self, prepared):
        """Return None: probabilities are fitted to the validation pictures as they are."""
        return None

    def batches(self, prepared, features, batch_size, progress, rng):
        """Yield (X_batch, y_batch) until each training row has been seen once, varied; see `Prepared`.

        Each batch has a random stream of its own, whose seed is drawn before the first batch is made: the batches do
        not depend on when the thread beside training makes them.
        """
        rows, y = prepared.dataset.rows("train"), prepared.dataset.y
        order, strength = rng.permutation(len(rows)), self.strength * fade(progress)
        starts = range(0, len(rows), batch_size)
        seeds = rng.integers(2**63, size=len(starts))

        def make(chosen, own, strength=strength):
            return features(self.vary(prepared.stored[chosen], strength, own))

        kept = None
        if self.n_variants and strength == self.strength:
            kept = variants_of_training(features, self.n_variants).draw(rows, rng, make)

        def batch(i):
            places = order[starts[i] : starts[i] + batch_size]
            chosen = rows[places]
            X = make(chosen, np.random.default_rng(seeds[i])) if kept is None else kept[places].astype(np.float32)
            return X, y[chosen]

        return prefetch(batch, range(len(starts)))

    def vary(self, stored, strength, rng, warp=None):
        """Return stored rows, each varied in a way of its own.

        Parameters
        ----------
        stored : ndarray of uint8 [shape=(n, n_features)]
        strength : float >= 0
        rng : numpy Generator
        warp : function like `warping.warp`, or None
            None means its compiled form.

        Returns
        -------
        ndarray of uint8 [shape=(n, n_features)]
        """
        pictures = stored.reshape(-1, self.height, self.width, self.n_channels)
        n, amounts = len(pictures), self.amounts
        if amounts.flourish:
            pictures = with_flourishes(pictures, rng.random(n) < strength * amounts.flourish, rng)
        pictures = (warp or warping.compile_warp())(pictures, self.warps(n, strength, rng))
        if amounts.pen:
            pictures = redraw(pictures, rng.random(n) < strength * amounts.pen, min(1.0, strength), rng)
        if amounts.contrast or amounts.brightness:
            gain = np.exp(strength * amounts.contrast * rng.uniform(-1, 1, n))
            offset = 255 * strength * amounts.brightness * rng.uniform(-1, 1, (n, self.n_channels))
            pictures = relit(pictures, gain, offset)
        if amounts.erasing:
            pictures = erase(pictures, rng.random(n) < strength * amounts.erasing, rng)
        return pictures.reshape(stored.shape)

    def warps(self, n, strength, rng):
        """Draw how n pictures are shifted, turned, scaled, sheared, mirrored and bent: Warps.

        The affine map leads from the new picture to the old one: A = rotation · shear · scale, and its columns' signs
        are turned where a picture is mirrored.
        """
        amounts, side = self.amounts, min(self.height, self.width)

        def draw(amount, *shape):
            return strength * amount * rng.uniform(-1, 1, (n, *shape))

        angle = np.radians(draw(amounts.rotation))
        size, ratio = np.exp(draw(math.log1p(amounts.scale))), np.exp(draw(math.log1p(amounts.aspect) / 2))
        shear, shift = draw(amounts.shear), draw(amounts.shift, 2) * (self.height, self.width)
        mirror = np.where(rng.random(n) < 0.5 * amounts.mirror, -1, 1)
        down, across = size * ratio, size / ratio * mirror
        cosine, sine = np.cos(angle), np.sin(angle)
        affine = np.empty((n, 2, 3), np.float32)
        affine[:, 0, 0], affine[:, 0, 1] = (cosine - sine * shear) * down, -sine * across
        affine[:, 1, 0], affine[:, 1, 1] = (sine + cosine * shear) * down, cosine * across
        affine[:, :, 2] = shift
        # With the square root, bends are distributed like the distances of random points of a disc from its centre.
        bend = (strength * amounts.bend * side * np.sqrt(rng.random(n))).astype(np.float32)
        sheet = _sheet(side, max(SHEET_SIDE, 2 * max(self.height, self.width)))
        corner = rng.integers(0, len(sheet) + 1 - np.array([self.height, self.width] * 2), (n, 4))
        return warping.Warps(affine, bend, sheet, corner)


def fade(progress):
    """Return what is left of the strength: 1, and at the end of training less and less, in a line down to 0.

    progress : float from 0 to 1, the share of the training that is over
    """
    return min(1.0, (1 - progress) / FADE)


@functools.cache
def _sheet(side, sheet_side):
    """Return displacements for pictures of this side, the same in every run; a random part serves each picture."""
    return warping.elastic_sheet(sheet_side, STIFFNESS * side, np.random.default_rng(0))
