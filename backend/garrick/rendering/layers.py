"""Splits the photo into a clean background and an unmixed foreground that composite back to the photo exactly."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from garrick.core.easing import smoothstep


@dataclass(frozen=True)
class Layers:
    """The photo in two layers.

    foreground: (H, W, 4) float32, 0..1: the person, colour premultiplied by alpha, sRGB-encoded values.
    background: (H, W, 3) float32, 0..1: the photo where nobody stands, filled in behind the person.
    """

    foreground: np.ndarray
    background: np.ndarray


_HALO = 0.25  # alpha that a pixel near the person may gain
_ALONG = 8  # how much farther rooms go on sideways than up and down: shelves, sills and skirting boards
_OTHER = 0.12  # difference from the background from which something is there
_LEAST, _COMPACT = 0.1, 0.25  # areas of something worn, of the halo's radius squared and of its own longer side squared
_NEAR = 6  # halos across, in which the room is looked at
_BUSY = 4.0  # its standard deviations from which a thing is another
_UNMIXED = 0.08  # of full scale: a mixture of person and background misses their line by less


def split(image: np.ndarray, alpha: np.ndarray, also: np.ndarray | None = None) -> Layers:
    """Make both layers so that foreground + (1 - alpha) * background gives the photo back.

    image: (H, W, 3) uint8.    alpha: (H, W) float32, 0..1.    also: (H, W) bool: what the matte may have missed of the
    person, as fingers.

    A matte is never perfect: hair and light spill past it. Were the spill left in the background, a ghost of the
    person's outline would stay behind when they move, so close to the person the background is filled in from farther
    out, and alpha grows where the photo differs from that and a mixture with the person explains it.
    """
    photo = image.astype(np.float32) / 255
    radius = halo_radius(len(image))
    missed = np.zeros(alpha.shape, bool) if also is None else also
    away, background = _around((alpha >= 0.02) | missed, photo)
    background += smoothstep(2 * away - 1)[..., None] * (photo - background)
    # the least alpha for which the person's own colour is one, 0..1
    darker, lighter = 1 - photo / np.maximum(background, 1e-3), (photo - background) / np.maximum(1 - background, 1e-3)
    least = np.maximum(darker, lighter).max(axis=2)
    gain = np.minimum(_mixed(photo, background, alpha, radius), _HALO) * (away < 1)
    other = _other(photo, background, away)
    gain[(missed & other) | (_apart(other, alpha, away)[0] > 0)] = 1
    alpha = np.clip(least, alpha, np.minimum(1, alpha + gain))[..., None]
    premultiplied = np.clip(photo - (1 - alpha) * background, 0, alpha)
    # where that does not do, the background gives way; behind a thick matte the quotient is noise
    given = np.clip((photo - premultiplied) / np.maximum(1 - alpha, 0.3), 0, 1)
    background = np.where(alpha < 0.7, given, background)
    return Layers(np.concatenate([premultiplied, alpha], axis=2), background)


def halo_radius(height: int) -> int:
    """Pixels beside the person within which the background is filled in, for a picture of that height."""
    return max(3, height // 45)


def with_worn(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """(H, W) float32 the matte with what lies apart from it and wholly close to the person, as an earring.

    image: (H, W, 3) uint8.    alpha: (H, W) float32, 0..1.
    """
    photo = image.astype(np.float32) / 255
    away, background = _around(alpha >= 0.02, photo)
    parts, facts = _apart(_other(photo, background, away), alpha, away)
    area, side = facts[:, cv2.CC_STAT_AREA], facts[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    # the matte's own rim is long and thin
    worn = (area >= _LEAST * halo_radius(len(alpha)) ** 2) & (area >= _COMPACT * side**2)
    worn[0] = False
    return np.where(worn[parts], 1, alpha).astype(np.float32)


def _around(present: np.ndarray, photo: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) how far each pixel is from what is present, in radii of the halo, and (H, W, 3) the room without it."""
    radius = halo_radius(len(photo))
    away = cv2.distanceTransform((~present).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) / radius
    return away, fill_along(photo, (away >= 1).astype(np.float32), (_ALONG, 1))


def _mixed(photo: np.ndarray, background: np.ndarray, alpha: np.ndarray, radius: float) -> np.ndarray:
    """(H, W) 0..1: how much of the photo's colour is the nearest of the person's own, where it is a mixture of the two."""
    person = fill_holes(photo, (alpha > 0.95).astype(np.float32)) - background
    seen = photo - background
    share = np.clip((seen * person).sum(axis=2) / np.maximum((person * person).sum(axis=2), 1e-4), 0, 1)
    missed = np.linalg.norm(seen - share[..., None] * person, axis=2)
    # no sharp edges: what is left of a wall's pattern must not be cut out of it
    return cv2.GaussianBlur(share * np.clip(1 - missed / _UNMIXED, 0, 1), (0, 0), radius / 4)


def _other(photo: np.ndarray, background: np.ndarray, away: np.ndarray) -> np.ndarray:
    """(H, W) bool: where something is that is not the background; away: of `_around`.

    Before a busy room nobody knows: what differs from the room's continuation may be the room.
    """
    known, box = (away >= 1).astype(np.float32)[..., None], (_NEAR * halo_radius(len(photo)) + 1,) * 2
    weight = np.maximum(cv2.blur(known, box), 1e-3)[..., None]
    mean, square = (cv2.blur(value * known, box) / weight for value in (photo, photo * photo))
    busy = np.sqrt(np.maximum(square - mean * mean, 0)).max(axis=2)
    return np.abs(photo - background).max(axis=2) > np.maximum(_OTHER, _BUSY * busy)


def _apart(other: np.ndarray, alpha: np.ndarray, away: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) int32 parts, from 1, of what is not the background and lies between the matte and where that is known.

    And (n, 5) int32 OpenCV's facts of each, of number 0, which is no part, too.
    """
    beside = (other & (alpha < 0.5) & (away < 1)).astype(np.uint8)
    _, parts, facts, _ = cv2.connectedComponentsWithStats(beside, connectivity=8)
    reaches = np.zeros(len(facts), bool)
    reaches[np.unique(parts[away > 0.6])] = True
    return np.where(reaches[parts], 0, parts), facts


def fill_along(colour: np.ndarray, known: np.ndarray, farther: tuple[float, float]) -> np.ndarray:
    """`fill_holes` that reaches farther across or down by the given factors, so that edges go on that way."""
    size = max(2, round(known.shape[1] / farther[0])), max(2, round(known.shape[0] / farther[1]))
    weight = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
    small = _planes(cv2.resize(colour * known[..., None], size, interpolation=cv2.INTER_AREA), colour.shape[2])
    small = fill_holes(small / np.maximum(weight, 1e-6)[..., None], np.minimum(1, weight * 4))
    filled = _planes(cv2.resize(small, known.shape[::-1], interpolation=cv2.INTER_LINEAR), colour.shape[2])
    return colour * known[..., None] + filled * (1 - known[..., None])


def fill_holes(colour: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Push-pull: fill unknown pixels smoothly from known ones at ever coarser scales.

    colour: (H, W, C) float32.    known: (H, W) float32, 0..1 trust.    Source: Gortler et al., The Lumigraph (1996).
    """
    weight = known[..., None]
    if min(known.shape) <= 2 or known.min() >= 1:
        total = weight.sum()
        mean = (colour * weight).sum(axis=(0, 1)) / total if total > 0 else np.zeros(colour.shape[2], np.float32)
        return colour * weight + mean * (1 - weight)
    half = (max(1, (known.shape[1] + 1) // 2), max(1, (known.shape[0] + 1) // 2))
    coarse_weight = cv2.resize(known, half, interpolation=cv2.INTER_AREA)
    coarse = _planes(cv2.resize(colour * weight, half, interpolation=cv2.INTER_AREA), colour.shape[2])
    coarse = coarse / np.maximum(coarse_weight, 1e-6)[..., None]
    filled = fill_holes(coarse, np.minimum(1, coarse_weight * 4))
    fine = _planes(cv2.resize(filled, known.shape[::-1], interpolation=cv2.INTER_LINEAR), colour.shape[2])
    return colour * weight + fine * (1 - weight)


def _planes(image: np.ndarray, channels: int) -> np.ndarray:
    return image.reshape(*image.shape[:2], channels)
