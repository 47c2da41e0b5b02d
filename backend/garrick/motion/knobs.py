"""Gain, smoothing and a switch for each group of a performance's curves, by the code of `garrick edit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from garrick.bodies import body_limits, hand
from garrick.core import clips
from garrick.core.gaze import EYE_LOOK, eye_look_weights
from garrick.core.groups import GROUPS, selection
from garrick.core.knobs import Knob
from garrick.core.performance import Performance
from garrick.core.rotation import rotation_matrices
from garrick.motion.body import resting
from garrick.motion.gestures.clearance import keep_clear
from garrick.motion.lips import Lips
from garrick.motion.rules.constraints import closures, obey_rules
from garrick.motion.rules.gaze import gaze_angles, sight_lines
from garrick.speech.speech import Phone

_MOUTH = frozenset(selection(("lower_face", "jaw", "tongue")).face)


def with_knobs(
    made: Performance, rest: Performance, knobs: Mapping[str, Knob], phones: Sequence[Phone], lips: Lips
) -> Performance:
    """The performance with each named group changed; the tracks stay as they were.

    rest: one frame, where a group is at a gain of zero or switched off; see `at_rest`.
    Eyes keep looking where they did when the head moves more or less. Lips of groups that are on still close for every p,
    b and m, joints keep to their limits and hands out of the body.
    """
    knobs = {group: knob for group, knob in knobs.items() if knob.shapes}
    if not knobs:
        return made
    sealed_at, changed = closures(phones)[:, 1], made
    for group in sorted(knobs, key=lambda name: name == "eyes"):  # last: the head takes them along
        knob, before = knobs[group], changed
        changed = clips.amplified(changed, knob.gain if knob.on else 0.0, [group], rest=rest)
        if knob.on and knob.smooth:
            changed = clips.smoothed(changed, knob.smooth, [group], sealed_at)
        if "head_rotation" in GROUPS[group].channels:
            changed = _aimed(changed, before)
    touched, off = selection(knobs), selection([name for name, knob in knobs.items() if not knob.on])
    if not _MOUTH.isdisjoint(touched.face):
        face, columns = changed.face.astype(np.float64), sorted(_MOUTH.difference(off.face))
        obeyed = np.clip(obey_rules(face, phones, made.fps, lips), 0, 1)
        face[:, columns] = obeyed[:, columns]
        changed = replace(changed, face=face)
    for side in ("left", "right"):
        name = f"{side}_hand"
        if name in touched.channels:
            changed = replace(changed, **{name: hand.clamp(hand.posed_hand(side), getattr(changed, name))})
    if "body_pose" in touched.channels:
        pose = body_limits.clamp(changed.body_pose.astype(np.float64))
        changed = replace(changed, body_pose=keep_clear(pose, float(made.fps), made.identity))
    return replace(changed, tracks=made.tracks)


def at_rest(made: Performance, face: np.ndarray, head_rotation: np.ndarray, gaze: np.ndarray) -> Performance:
    """One frame of a person at rest, with arms that hang; face (52,), head_rotation (3,), gaze (2, 2) of the photo."""
    body = resting(1)
    return replace(
        made.frames(0, 1),
        face=np.clip(face, 0, 1)[None],
        head_rotation=head_rotation[None],
        head_translation=np.zeros((1, 3)),
        gaze=gaze[None],
        body_pose=body.pose,
        left_hand=body.left_hand,
        right_hand=body.right_hand,
    )


def _aimed(moved: Performance, before: Performance) -> Performance:
    """Eyes of a head that has been turned anew, on what they looked at before."""
    old, new = (rotation_matrices(one.head_rotation.astype(np.float64)) for one in (before, moved))
    lines = np.einsum("fij,fej->fei", np.swapaxes(new, 1, 2) @ old, sight_lines(moved.gaze.astype(np.float64)))
    gaze, face = gaze_angles(lines), moved.face.astype(np.float64)
    face[:, EYE_LOOK] += eye_look_weights(gaze) - eye_look_weights(moved.gaze.astype(np.float64))
    return replace(moved, gaze=gaze, face=np.clip(face, 0, 1))
