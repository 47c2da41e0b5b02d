"""Full-reference measures of a clip against another one of the same frames: PSNR, SSIM and L1.

All of them are taken frame by frame and then averaged. Where a matte is given, only its pixels count; a frame whose
matte is empty has no value.
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from garrick.errors import InputError
from garrick.evaluation.metric import HIGHER, LOWER, Metric, Score, score
from garrick.evaluation.streams import luma, mattes, paired

PSNR = Metric("PSNR", "dB", HIGHER, "10 log10(255^2 / MSE) over RGB; at most 60 dB, as libvmaf", 1)
SSIM = Metric("SSIM", "", HIGHER, "Wang et al. 2004: Gaussian window 11, sigma 1.5, K 0.01 and 0.03, Rec. 601 luma", 1)
L1 = Metric("L1", "", LOWER, "mean absolute difference over RGB, of the range 0..1", 1)

# 8 bits round with an MSE of 1/12, which is 58.9 dB: above 60 nothing is left to tell apart, and a mean stays finite
_PSNR_CEILING = 60.0
_WINDOW, _SIGMA, _K1, _K2 = 11, 1.5, 0.01, 0.03

Frames = Iterable[np.ndarray]
Masks = Iterable[np.ndarray] | np.ndarray | None


def psnr(frames: Frames, reference: Frames, masks: Masks = None) -> Score:
    """Peak signal-to-noise ratio; identical frames have 60 dB.

    frames, reference: (H, W, 3) uint8 each.    masks: one (H, W) matte, one a frame, or None.
    """
    pairs = mattes(masks, paired(frames, reference))
    errors = (_mean((one.astype(np.float64) - other) ** 2, mask) for (one, other), mask in pairs)
    return score(PSNR, [_decibels(error) for error in errors])


def l1(frames: Frames, reference: Frames, masks: Masks = None) -> Score:
    """Mean absolute difference, 0..1. Arguments as `psnr`."""
    pairs = mattes(masks, paired(frames, reference))
    return score(L1, [_mean(cv2.absdiff(one, other), mask) / 255 for (one, other), mask in pairs])


def ssim(frames: Frames, reference: Frames, masks: Masks = None) -> Score:
    """Structural similarity, -1..1: the mean of the map where the whole window lies in the picture.

    Arguments as `psnr`. Raises InputError for frames that are smaller than the window.
    """
    inner = slice(_WINDOW // 2, -(_WINDOW // 2))
    values = []
    for (one, other), mask in mattes(masks, paired(frames, reference)):
        if min(one.shape[:2]) < _WINDOW:
            raise InputError(f"SSIM needs frames of at least {_WINDOW} pixels a side.", "Use larger frames.")
        similar = ssim_map(luma(one), luma(other))[inner, inner]
        values.append(_mean(similar, None if mask is None else mask[inner, inner]))
    return score(SSIM, values)


def ssim_map(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(H, W) float64, -1..1: structural similarity around each pixel of two lumas of 0..255 (Wang et al. 2004, eq. 13).

    (2 m n + c1)(2 cov + c2) / ((m^2 + n^2 + c1)(var + var' + c2)), c = (K 255)^2, weighted by a Gaussian window.
    """
    mean_one, mean_other = _blur(one), _blur(other)
    product, squares = mean_one * mean_other, mean_one**2 + mean_other**2
    covariance = _blur(one * other) - product
    variances = _blur(one**2) + _blur(other**2) - squares
    c1, c2 = (_K1 * 255) ** 2, (_K2 * 255) ** 2
    return (2 * product + c1) * (2 * covariance + c2) / ((squares + c1) * (variances + c2))


def _blur(picture: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(picture, (_WINDOW, _WINDOW), _SIGMA, borderType=cv2.BORDER_REFLECT)


def _mean(values: np.ndarray, mask: np.ndarray | None) -> float:
    """Over the pixels that count; nan where none does."""
    chosen = values if mask is None else values[mask]
    return float(chosen.mean()) if chosen.size else float("nan")


def _decibels(error: float) -> float:
    """nan stays nan."""
    floor = 255**2 / 10 ** (_PSNR_CEILING / 10)
    return float(10 * np.log10(255**2 / np.maximum(error, floor)))
