"""What the gates of the nets that mend frames share: rows of figures, what counts as worse, how it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
from rich.table import Table

from garrick.evaluation.identity import csim
from garrick.evaluation.identity_net import face_chip, identity_vectors
from garrick.evaluation.landmarks import akd, hkc, lmd
from garrick.evaluation.sight import Sight
from garrick.perception.crop import Square
from garrick.perception.hands import SeenHand, hand_at
from garrick.rendering.puppet import Pose

WORSE = 0.02
"""Share by which a figure that need not get better may get worse."""


@dataclass(frozen=True)
class Row:
    """Means over the pairs of one kind, one way.

    psnr, ssim: of what is compared.    features: EffLite distance.    lmd: of the mouth, eye distances.
    cosine: of the identities.    flicker: levels, `restlessness` of the face's box over smooth motions.
    """

    kind: str
    way: str
    psnr: float
    ssim: float
    features: float
    lmd: float
    cosine: float
    flicker: float


@dataclass(frozen=True)
class HandRow:
    """Means over hands of one kind, one way.

    psnr, ssim: of the hand's known pixels.    features: EffLite distance of a square about it.
    hkc: 0..1, MediaPipe's word that a hand is there.    points: pixels of its 21 points from those in what is wanted.
    """

    kind: str
    way: str
    hands: int
    psnr: float
    ssim: float
    features: float
    hkc: float
    points: float


def worsened(before: object, after: object, higher: Sequence[str], lower: Sequence[str]) -> list[str]:
    """The figures that are worse than before by more than `WORSE`, of those that had better be higher, and lower."""
    found = []
    for names, sign in ((higher, 1), (lower, -1)):
        for name in names:
            old, new = getattr(before, name), getattr(after, name)
            if sign * (old - new) > WORSE * abs(old):
                found.append(name)
    return found


def told(what: str, better: bool, worse: Sequence[str]) -> str:
    """The verdict in a line."""
    passes = "passes" if better and not worse else "does not pass"
    return f"{what}: {passes}" + (f"; worse: {', '.join(worse)}" if worse else "")


def table_of(rows: Sequence[Row | HandRow]) -> Table:
    """Rows of one kind as a table."""
    table = Table(*(field.name for field in fields(rows[0])))
    for row in rows:
        table.add_row(*(f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in asdict(row).values()))
    return table


def landmarks_of(frames: Sequence[np.ndarray]) -> np.ndarray:
    """(F, 478, 2) landmarks, each frame looked at by itself, nan where no face is seen."""
    return np.stack([Sight().see(frame) for frame in frames])


def faces_alike(frames: Sequence[np.ndarray], wanted: Sequence[np.ndarray], real: np.ndarray) -> dict[str, float]:
    """`Row`'s lmd and cosine, of the frames where a face is seen in both. real: `landmarks_of` what is wanted."""
    ours = landmarks_of(frames)
    sure = np.flatnonzero(np.isfinite(ours).all(axis=(1, 2)) & np.isfinite(real).all(axis=(1, 2)))
    vectors = [
        identity_vectors(face_chip(some[i], points[i]) for i in sure)
        for some, points in ((frames, ours), (wanted, real))
    ]
    return {"lmd": lmd(ours[sure], real[sure]).value, "cosine": csim(*vectors).value}


def hands_alike(
    frames: Sequence[np.ndarray], wanted: Sequence[np.ndarray], squares: Sequence[Square]
) -> dict[str, float]:
    """`HandRow`'s hkc and points. squares: where a hand is looked for."""
    seen, real = (
        [hand_at(frame, square) for frame, square in zip(some, squares, strict=True)] for some in (frames, wanted)
    )
    presence = np.array([[hand.presence] * 21 for hand in seen])
    return {"hkc": hkc(presence).value, "points": akd(_points(seen), _points(real), None).value}


def _points(hands: Sequence[SeenHand]) -> np.ndarray:
    return np.stack([hand.points for hand in hands])


def between(start: Pose, end: Pose, share: float) -> Pose:
    """A share of the head's way; rotations are small enough to be mixed as they are."""
    names = ("face", "rotation", "translation", "gaze")
    mixed = {name: getattr(start, name) * (1 - share) + getattr(end, name) * share for name in names}
    return replace(start, **mixed)
