"""The person cut out of the photo: their own colours, without the light of what is behind them."""

from __future__ import annotations

import numpy as np

from garrick.core.easing import smoothstep

_SURE = 0.98  # matte from which a pixel's colour is the person's alone
_SOFT = 0.8  # matte below which a head's edge is left to the sheet


def cut_out(image: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """(H, W, 4) float32, 0..1: straight colour of the person and the matte.

    image: (H, W, 3) uint8.    alpha: (H, W) float32, 0..1. The colours are those of Germer et al., Fast Multi-Level
    Foreground Estimation (2020), as far as there is a background, 0..1, before which they are the photo.
    """
    from garrick.perception.closed_form import estimate_foreground_ml  # compiled where it is first used

    photo = image.astype(np.float32) / 255
    matte = alpha[..., None]
    own = np.where(matte > _SURE, photo, estimate_foreground_ml(photo, alpha)) * matte
    # what is left of the photo has to be a background's
    own = np.clip(own, np.maximum(0, photo - (1 - matte)), np.minimum(photo, matte))
    return np.concatenate([own / np.maximum(matte, 1e-3), matte], axis=2)


def for_head(person: np.ndarray) -> np.ndarray:
    """(H, W, 4) the person as their head wears them: soft edges are left to the sheet, lest two make one twice as thick."""
    return np.concatenate([person[..., :3], smoothstep((person[..., 3:] - _SOFT) / (1 - _SOFT))], axis=2)


def premultiplied(person: np.ndarray) -> np.ndarray:
    """(H, W, 4) straight colour and matte with the colour times the matte."""
    return np.concatenate([person[..., :3] * person[..., 3:], person[..., 3:]], axis=2)
