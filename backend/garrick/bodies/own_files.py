"""A user's own licensed hands: MANO_RIGHT and MANO_LEFT, .npz or .pkl, in the folder that $GARRICK_BODY_MODELS names.

Curves are made for them: shapes of a hand, limits and tracked fingers turn about their joints, so that what is exported
plays on them as it was meant. Frames and rigs keep Garrick's own hands, whose mesh the body and the skin's pictures fit.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from garrick.errors import MissingError

FOLDER = "GARRICK_BODY_MODELS"
"""The environment variable; the folder may hold the files itself or in `mano`, as smplx wants them."""

_KINDS = (".npz", ".pkl")  # a converted file is read sooner


def folder() -> Path | None:
    """The folder, where one is named. Raises MissingError where it is not there."""
    named = os.environ.get(FOLDER)
    if not named:
        return None
    if not Path(named).is_dir():
        raise MissingError(
            f"{FOLDER} names no folder: {named}", "Set it to the folder of your MANO files, or unset it."
        )
    return Path(named)


def hand_file(side: Literal["left", "right"]) -> Path | None:
    """The user's file of a hand; None where no folder is named. Raises MissingError where the folder lacks it."""
    place = folder()
    if place is None:
        return None
    name = f"MANO_{side.upper()}"
    found = [
        path for parent in (place, place / "mano") for kind in _KINDS if (path := parent / f"{name}{kind}").is_file()
    ]
    if not found:
        raise MissingError(f"{place} holds no {name}.npz or {name}.pkl.", f"Put both hands there, or unset {FOLDER}.")
    return found[0]
