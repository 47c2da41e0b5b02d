"""Quality of a clip without another one to compare with: CPBD (sharpness) and BRISQUE (naturalness).

Both are taken frame by frame and then averaged. CPBD needs nothing but the paper; BRISQUE needs the numbers that its
authors trained, which `garrick weights pull quality` gets.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from scipy.special import gamma

from garrick.errors import InputError
from garrick.evaluation.metric import HIGHER, LOWER, Metric, Score, score
from garrick.evaluation.streams import checked, luma
from garrick.weights import registry

CPBD = Metric("CPBD", "", HIGHER, "Narvekar and Karam 2011, with the edges of this implementation", 1)
BRISQUE = Metric("BRISQUE", "", LOWER, "Mittal, Moorthy and Bovik 2012, with the authors' regressor", 1)

_BLOCK = 64  # pixels a side
_EDGE_SHARE = 0.002  # a block with fewer edge pixels is smooth and does not count
_BETA = 3.6
_LOW_CONTRAST, _WIDE, _NARROW = 50, 5.0, 3.0  # levels; just noticeable widths in pixels below and above that contrast
_NOTICED = 1 - np.exp(-1)  # the probability of seeing a blur of the just noticeable width, about 63 %

_SHIFTS = ((0, 1), (1, 0), (1, 1), (-1, 1))  # neighbours right, below, and on both diagonals
_SHAPES = np.arange(0.2, 10.0005, 0.001)
_GENERAL = gamma(1 / _SHAPES) * gamma(3 / _SHAPES) / gamma(2 / _SHAPES) ** 2
_SMALLEST = 32  # pixels: so that half of it still has neighbours


def cpbd(frames: Iterable[np.ndarray]) -> Score:
    """Share of edges whose blur would not be noticed, 0..1; a frame without edges has no value.

    frames: (H, W, 3) uint8 each. A frame below 64 pixels a side has no whole block, so no value.
    Edges are upright ones, found by a horizontal Sobel filter; the paper leaves the filter's threshold open, so compare
    the figures of this function with each other only.
    """
    return score(CPBD, [_frame_cpbd(np.rint(luma(frame)).astype(np.float32)) for frame in checked(frames)])


def brisque(frames: Iterable[np.ndarray]) -> Score:
    """Distance from the statistics of natural pictures: about 0 for clean photos, towards 100 for damaged ones.

    frames: (H, W, 3) uint8 each, 32 pixels a side or more; a frame of one colour has no value.
    Raises MissingError without the weights "brisque".
    """
    model = _model(registry.path("brisque"))
    return score(BRISQUE, [_frame_brisque(frame, model) for frame in checked(frames)])


def _frame_cpbd(grey: np.ndarray) -> float:
    """grey: (H, W) float32, 0..255, whole numbers: all that is made of them is exact in as many bits."""
    edges, widths = _upright_edges(grey)
    seen, unseen = 0, 0
    for top in range(0, grey.shape[0] - _BLOCK + 1, _BLOCK):
        for left in range(0, grey.shape[1] - _BLOCK + 1, _BLOCK):
            block = np.s_[top : top + _BLOCK, left : left + _BLOCK]
            found = widths[block][edges[block]]
            if found.size <= _EDGE_SHARE * _BLOCK**2:
                continue
            just_noticeable = _WIDE if np.ptp(grey[block]) <= _LOW_CONTRAST else _NARROW
            noticed = 1 - np.exp(-((found / just_noticeable) ** _BETA))
            unseen += int((noticed <= _NOTICED).sum())
            seen += found.size
    return unseen / seen if seen else float("nan")


def _upright_edges(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where upright edges run, (H, W) bool, and how wide they are, (H, W) in pixels.

    An edge pixel is the steepest of its row, steeper across than along, and above twice the picture's mean steepness.
    Its width is the length of the rise or fall through it (Marziliano et al. 2002).
    """
    across, along = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    steep = np.abs(across)
    peak = np.zeros(grey.shape, bool)
    peak[:, 1:-1] = (steep[:, 1:-1] > steep[:, :-2]) & (steep[:, 1:-1] >= steep[:, 2:])
    strength = steep**2 + along**2
    edges = peak & (steep > np.abs(along)) & (strength > 4 * np.mean(strength, dtype=np.float64))
    step = np.diff(grey, axis=1)
    return edges, np.where(across > 0, _run_lengths(step > 0), _run_lengths(step < 0))


def _run_lengths(rising: np.ndarray) -> np.ndarray:
    """(H, W - 1) bool, whether it goes on to the next pixel -> (H, W) length of the run that each pixel lies in."""
    none = np.zeros((len(rising), 1), bool)
    pixel = np.arange(rising.shape[1] + 1, dtype=np.int32)
    starts = np.where(np.hstack([none, rising]), 0, pixel)
    ends = np.where(np.hstack([rising, none]), pixel[-1], pixel)
    first = np.maximum.accumulate(starts, axis=1)
    last = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    return last - first


@dataclass(frozen=True)
class _Regressor:
    """A support vector regressor with a Gaussian kernel, score = coefficients . exp(-gamma |x - vectors|^2) - offset.

    low, high: (36,) what each feature is scaled from, to -1..1.
    """

    vectors: np.ndarray
    coefficients: np.ndarray
    gamma: float
    offset: float
    low: np.ndarray
    high: np.ndarray


def _frame_brisque(frame: np.ndarray, model: _Regressor) -> float:
    if min(frame.shape[:2]) < _SMALLEST:
        raise InputError(f"BRISQUE needs frames of at least {_SMALLEST} pixels a side.", "Use larger frames.")
    grey = np.rint(luma(frame))
    if np.ptp(grey) == 0:
        return float("nan")
    features = np.concatenate([_natural_features(grey), _natural_features(_halved(grey))])
    scaled = 2 * (features - model.low) / (model.high - model.low) - 1
    near = np.exp(-model.gamma * ((model.vectors - scaled) ** 2).sum(axis=1))
    return float(model.coefficients @ near - model.offset)


def _natural_features(grey: np.ndarray) -> np.ndarray:
    """(18,) statistics of a picture at one scale (Mittal et al. 2012, table I).

    grey: (H, W) float64, 0..255. Shape and variance of the locally normalised picture, then shape, mean, left and right
    variance of its products with four neighbours.
    """
    normal = _normalised(grey)
    products = (normal * np.roll(normal, shift, (0, 1)) for shift in _SHIFTS)
    return np.concatenate([symmetric_fit(normal), *(asymmetric_fit(product) for product in products)])


def _normalised(grey: np.ndarray) -> np.ndarray:
    """(I - mean) / (deviation + 1), both weighted by a 7 x 7 Gaussian window of sigma 7/6; nothing outside."""
    window = cv2.getGaussianKernel(7, 7 / 6)
    mean, squares = (
        cv2.sepFilter2D(picture, cv2.CV_64F, window, window, borderType=cv2.BORDER_CONSTANT)
        for picture in (grey, grey**2)
    )
    return (grey - mean) / (np.sqrt(np.abs(squares - mean**2)) + 1)


def symmetric_fit(values: np.ndarray) -> tuple[float, float]:
    """Shape (1 Laplace, 2 Gauss) and variance of a generalised Gaussian, by moments (Sharifi and Leon-Garcia 1995)."""
    variance = np.mean(values**2)
    ratio = variance / np.mean(np.abs(values)) ** 2
    return float(_SHAPES[np.argmin(np.abs(_GENERAL - ratio))]), float(variance)


def asymmetric_fit(values: np.ndarray) -> tuple[float, float, float, float]:
    """Shape, mean, left and right variance of an asymmetric generalised Gaussian (Lasmar et al. 2009)."""
    left, right = (np.sqrt(np.mean(side**2)) if side.size else 0.0 for side in (values[values < 0], values[values > 0]))
    skew = left / right if right else 0.0
    ratio = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
    ratio *= (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shape = _SHAPES[np.argmin(np.abs(1 / _GENERAL - ratio))]
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    mean = (right - left) * gamma(2 / shape) / gamma(1 / shape) * scale
    return float(shape), float(mean), float(left**2), float(right**2)


def _halved(grey: np.ndarray) -> np.ndarray:
    """At half the size, by an anti-aliased bicubic filter with a = -0.5, as the regressor was trained on."""
    height, width = grey.shape
    small = Image.fromarray(grey.astype(np.float32)).resize(
        ((width + 1) // 2, (height + 1) // 2), Image.Resampling.BICUBIC
    )
    return np.asarray(small, np.float64)


@cache
def _model(folder: Path) -> _Regressor:
    """Read libsvm's text file and the ranges of the features."""
    head, _, body = (folder / "svm.txt").read_text().partition("SV\n")
    settings = dict(line.split(" ", 1) for line in head.splitlines())
    rows = [line.split() for line in body.splitlines() if line]
    vectors = np.zeros((len(rows), 36))
    for vector, (_, *cells) in zip(vectors, rows, strict=True):
        for cell in cells:  # libsvm leaves zeros out
            place, _, value = cell.partition(":")
            vector[int(place) - 1] = float(value)
    with (folder / "normalize.pickle").open("rb") as file:
        ranges = _PlainUnpickler(file).load()
    return _Regressor(
        vectors,
        np.array([float(row[0]) for row in rows]),
        float(settings["gamma"]),
        float(settings["rho"]),
        np.array(ranges["min_"]),
        np.array(ranges["max_"]),
    )


class _PlainUnpickler(pickle.Unpickler):
    """Reads lists of numbers only: nothing in the file can name code to run."""

    def find_class(self, module_name: str, global_name: str) -> object:
        raise pickle.UnpicklingError(f"{module_name}.{global_name} has no place in a list of numbers.")
