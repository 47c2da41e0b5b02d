"""Draws gestures.png: every gesture of the vocabulary where its stroke ends. Run: python docs/pictures/gestures.py"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from garrick.context import RunContext
from garrick.core.performance import BODY_JOINTS, Performance
from garrick.motion.gestures.arms import arm_turns
from garrick.motion.gestures.shapes import hand_shape
from garrick.motion.gestures.vocabulary import GESTURES
from garrick.rendering.clay_figure import figure_frames

SIZE, ACROSS, YAW = (168, 190), 8, -20.0


def main() -> None:
    count = len(GESTURES)
    pose = np.zeros((count, len(BODY_JOINTS), 3))
    hands = {side: np.zeros((count, 15, 3)) for side in ("left", "right")}
    for row, gesture in enumerate(GESTURES.values()):
        for side in ("left", "right"):
            makes = gesture.both or side == "right"
            rows = [BODY_JOINTS.index(f"{side}_{joint}") for joint in ("collar", "shoulder", "elbow", "wrist")]
            pose[row, rows] = arm_turns(gesture.stroke if makes else "hang", side)
            hands[side][row] = hand_shape(gesture.shape if makes else "relaxed", side)
    still = Performance.rest(count, Fraction(25))
    shown = {"body_pose": pose, "left_hand": hands["left"], "right_hand": hands["right"]}
    tiles = []
    for name, picture in zip(
        GESTURES, figure_frames(Performance(**{**vars(still), **shown}), SIZE, YAW, RunContext()), strict=True
    ):
        tile = np.ascontiguousarray(picture)
        cv2.putText(tile, name, (6, SIZE[1] - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (60, 60, 60), 1, cv2.LINE_AA)
        tiles.append(tile)
    tiles += [np.full_like(tiles[0], tiles[0][0, 0])] * (-count % ACROSS)
    sheet = np.vstack([np.hstack(tiles[start : start + ACROSS]) for start in range(0, len(tiles), ACROSS)])
    cv2.imwrite(str(Path(__file__).with_name("gestures.png")), sheet[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])


if __name__ == "__main__":
    main()
