"""Detail of a sharp rendering laid into a soft picture of the same: colour and motion stay the picture's own.

The rendering is warped onto the picture by optical flow. Then both are split into bands (Burt and Adelson 1983). Where
the picture has less of a band than the rendering, and both agree in the next coarser one, the rendering's takes its place.
"""

from __future__ import annotations

import cv2
import numpy as np

_BANDS = 4
_SEEN_ALIKE = 2.0  # pixels, blur in which both are compared for the flow: a soft picture has no finer
_AROUND = 4.0  # pixels of its own band over which a band's strength and agreement are taken
_UNLIKE, _ALIKE = 0.4, 0.9  # correlation from which detail is taken, and is taken fully
_FINEST_FLOW = 2  # halvings of the picture; finer levels follow noise


def add_detail(picture: np.ndarray, rendering: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 pictures, of the same at the same size, a few pixels apart -> the first, as sharp as the second."""
    bands = _bands(picture.astype(np.float32))
    sharp = _bands(_onto(rendering, picture).astype(np.float32))
    mixed: list[np.ndarray] = []
    for level in range(_BANDS):
        own, other = bands[level], sharp[level]
        coarser = min(level + 1, _BANDS - 1)
        share = np.clip(1 - _strength(own) / np.maximum(_strength(other), 1e-3), 0, 1)
        agree = _agreement(bands[coarser], sharp[coarser])
        agree = cv2.resize(agree, own.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        share *= np.clip((agree - _UNLIKE) / (_ALIKE - _UNLIKE), 0, 1)
        mixed.append(own + share[..., None] * (other - own))
    whole: np.ndarray = bands[-1]
    for band in reversed(mixed):
        whole = cv2.pyrUp(whole, dstsize=band.shape[1::-1]) + band
    return np.clip(whole + 0.5, 0, 255).astype(np.uint8)


def _onto(rendering: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """The rendering, its pixels moved to where the picture has the same (DIS flow, Kroeger et al. 2016)."""
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    flow.setFinestScale(_FINEST_FLOW)
    moved = flow.calc(_soft(picture), _soft(rendering), None)  # pyright: ignore[reportCallIssue, reportArgumentType]
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    return cv2.remap(
        rendering, columns + moved[..., 0], rows + moved[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )


def _soft(picture: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), _SEEN_ALIKE)


def _bands(picture: np.ndarray) -> list[np.ndarray]:
    """`_BANDS` Laplacian bands, the finest first, and what is left."""
    bands: list[np.ndarray] = []
    for _ in range(_BANDS):
        coarse: np.ndarray = cv2.pyrDown(picture)
        bands.append(picture - cv2.pyrUp(coarse, dstsize=picture.shape[1::-1]))
        picture = coarse
    return [*bands, picture]


def _strength(band: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(np.square(band).sum(axis=2), (0, 0), _AROUND)


def _agreement(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(h, w) -1..1: correlation of two bands around each pixel."""
    product = cv2.GaussianBlur((one * other).sum(axis=2), (0, 0), _AROUND)
    return product / (np.sqrt(_strength(one) * _strength(other)) + 1e-3)
