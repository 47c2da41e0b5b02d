"""The frames of a live stream as a performance: to be saved, edited and rendered like any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from .performance import BODY_JOINTS, Performance


def recorded(frames: Sequence[dict[str, Any]], fps: Fraction, identity: np.ndarray | None = None) -> Performance:
    """Members of a stream's "motion" messages, in order, all of one stream -> a performance.

    identity: (B,) of the person, see `Performance`; None: nobody's. What the stream does not move is at rest. Raises
    ValueError when there are no frames.
    """
    if not frames:
        raise ValueError("No motion has come yet.")
    rest = Performance.rest(len(frames), fps, identity)
    pose = np.array(rest.body_pose)
    for joint in frames[0].get("body", ()):
        pose[:, BODY_JOINTS.index(joint)] = [frame["body"][joint] for frame in frames]
    hands = {
        hand: np.array([frame[hand] for frame in frames], np.float32)
        for hand in ("left_hand", "right_hand")
        if hand in frames[0]
    }
    return replace(
        rest,
        **hands,
        face=np.array([frame["face"] for frame in frames], np.float32),
        head_rotation=np.array([frame["head"]["rotation"] for frame in frames], np.float32),
        head_translation=np.array([frame["head"]["translation"] for frame in frames], np.float32),
        gaze=np.array([frame["gaze"] for frame in frames], np.float32),
        body_pose=pose,
    )
