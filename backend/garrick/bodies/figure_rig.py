"""The rig description of a whole figure: `rig.rig_arrays` with body and hands, as one mesh with one skeleton in a T-pose.

A host has one bone a joint: the twists that Garrick's own posing spreads along arms turn at shoulders and wrists there. It
should blend by dual quaternions, as Garrick does (in Blender: preserve volume); linear blending wastes away at bent joints.
The pose correctives of the hands are not described: a host's fist is a few millimetres thinner at its joints.
"""

from __future__ import annotations

import numpy as np

from garrick.bodies.body import Figure, make_figure
from garrick.bodies.body_bones import BONE_PLACES, BONES
from garrick.bodies.head import Head
from garrick.bodies.rig import rig_arrays
from garrick.core.performance import BODY_JOINTS
from garrick.core.skeleton import HAND_JOINTS, PARENTS
from garrick.core.turns import JOINTS as TURNED
from garrick.perception.portrait import Portrait

MATERIALS = ("clothes", "hands")
"""What the polygons of body and hands are made of; their uv is the body's own, not a place in the head's texture."""

_CHEEKS = (50, 280, 205, 425, 118, 347)  # face points of bare skin
_PATCH = 2  # pixels around each
_HEM = 0.12  # of the picture's height above its lower edge: where a portrait shows clothes, between the jaw's corners
_JAWS = (172, 397)
_PARENTS = PARENTS | {"jaw": "head"}
_NAMES = tuple(_PARENTS)


def figure_rig_arrays(head: Head, portrait: Portrait) -> dict[str, np.ndarray]:
    """The arrays of rig.npz for the figure of a fitted portrait: the keys, shapes and units of `rig.rig_arrays`.

    The head's vertices and polygons come first and its shapes are the same. Joints are those of `core.skeleton.PARENTS` and
    the jaw. head_rotation turns the head in the body's space, not against the neck. photo_uv is that of the T-pose.
    """
    figure = make_figure(head, portrait.identity)
    rig, quads = rig_arrays(head, portrait), figure.body.quads
    width, height = portrait.camera.size
    pixels = portrait.camera.project(figure.rest)[:, :2]
    photo = np.column_stack([pixels[:, 0] / width, 1 - pixels[:, 1] / height])
    added = {
        "loops": quads.ravel(),
        "polygon_sizes": np.full(len(quads), 4),
        "uv": figure.body.uvs[figure.body.quad_uvs.ravel()],
        "photo_uv": photo[quads.ravel()],
        "material": len(rig["material_names"]) + (figure.body.quad_parts > 0),
        "material_colors": np.stack([_clothes_colour(portrait), _skin_colour(portrait)]),
    }
    channels = {joint: channel for channel, joint in TURNED.items()}
    return rig | {name: np.concatenate([rig[name], array.astype(rig[name].dtype)]) for name, array in added.items()} | {
        "vertices": np.concatenate([rig["vertices"], figure.rest[len(rig["vertices"]) :]]),
        "material_names": np.array([*rig["material_names"], *MATERIALS]),
        "joint_names": np.array(_NAMES),
        "joint_parents": np.array([_NAMES.index(parent) if parent else -1 for parent in _PARENTS.values()], np.int32),
        "joint_positions": _positions(figure),
        "weights": _weights(figure),
        "joint_channels": np.array([channels.get(name, "") for name in _NAMES]),
    }  # fmt: skip


def _skin_colour(portrait: Portrait) -> np.ndarray:
    """(3,) linear: the photo's skin, so that body and face are one person's."""
    height, width = portrait.image.shape[:2]
    places = np.round(portrait.landmarks[list(_CHEEKS)]).astype(int)
    patches = [
        portrait.image[max(0, y - _PATCH) : y + _PATCH + 1, max(0, x - _PATCH) : x + _PATCH + 1].reshape(-1, 3)
        for x, y in np.clip(places, 0, (width - 1, height - 1))
    ]
    return _linear(np.median(np.concatenate(patches), axis=0))


def _clothes_colour(portrait: Portrait) -> np.ndarray:
    """(3,) linear: what the person wears, or their skin where the photo shows nothing below the neck."""
    height = len(portrait.image)
    left, right = np.sort(np.round(portrait.landmarks[list(_JAWS), 0]).astype(int))
    below = np.s_[height - max(1, round(_HEM * height)) :, max(0, left) : max(left + 1, right)]
    shown = portrait.image[below][portrait.alpha[below] > 0.9]
    return _linear(np.median(shown, axis=0)) if len(shown) else _skin_colour(portrait)


def _linear(colour: np.ndarray) -> np.ndarray:
    """(3,) 0..255 sRGB -> linear, near enough for a plain material."""
    return (colour / 255) ** 2.2


def _positions(figure: Figure) -> np.ndarray:
    """(J, 3) float32 metres at rest."""
    places = dict(zip((*BODY_JOINTS, "head"), figure.joints, strict=True))
    places |= {"jaw": figure.head.joint_template[2], "left_eye": figure.eyes[0], "right_eye": figure.eyes[1]}
    for side, bones in zip(("left", "right"), figure.hand_joints, strict=True):
        places |= {f"{side}_{name}": bone for name, bone in zip(HAND_JOINTS, bones[1:], strict=True)}
    return np.stack([places[name] for name in _NAMES]).astype(np.float32)


def _weights(figure: Figure) -> np.ndarray:
    """(V, J) float32: twist bones folded into the joints that carry them, fingers and the head's own joints laid over."""
    weights = np.zeros((len(figure.rest), len(_NAMES)), np.float32)
    for bone in range(len(BONES)):
        weights[:, _NAMES.index(BONES[BONE_PLACES[bone]])] += figure.body.weights[:, bone]
    face = figure.parts[0]
    for column, name in enumerate(("head", "jaw", "left_eye", "right_eye"), start=1):
        weights[face, _NAMES.index(name)] = figure.head.weights[:, column]
    for side, hand in enumerate(figure.hands):
        own = weights[figure.parts[2 + side]]
        own *= hand.weights[:, :1]
        for column, name in enumerate(HAND_JOINTS, start=1):
            own[:, _NAMES.index(f"{hand.side}_{name}")] = hand.weights[:, column]
    return weights / weights.sum(axis=1, keepdims=True)
