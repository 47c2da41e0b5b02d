"""The EXR frame: premultiplied linear colour with depth, normals, UV and Cryptomatte ids, named as Blender's own passes."""

from __future__ import annotations

import functools
import io
import json
import struct

import cv2
import numpy as np
import OpenEXR

import garrick
from garrick.core.camera import Camera
from garrick.rendering.take import ID_NAMES, Frame

from .synthetic import SOURCE_TYPE, SYNTHETIC

FAR = np.float32(1e10)
"""Metres of depth where nothing is: what Cycles writes there, and unlike inf no sum makes NaN of it."""

_FINEST = np.float32(2**-17)  # 8 micrometres of depth, or the 256th part of a pixel of a picture 512 pixels wide
_LAYER = "ViewLayer"
_TENT = (0.25, 0.5, 0.25)  # of the rows, and of the columns, beside each other
_CRYPTO = f"{_LAYER}.CryptoObject"
_TO_BLENDER = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32)  # (x, y, z) of ours lies at (x, -z, y) there
_REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)  # x, y of red, green, blue and white (ITU-R BT.709)


def encode_exr(frame: Frame, camera: Camera) -> bytes:
    """A multilayer EXR with the frame's passes; equal frames give equal bytes. camera: what the frame was seen by.

    Combined:     RGBA half, linear Rec.709, premultiplied; the 8-bit colour and alpha of the PNG.
    Depth.Z:      float, planar metres along the optical axis to 2^-17, `FAR` where nobody is.
    Normal.X, Y, Z: half; unit normals in Blender's world (z up), where the shot's rig is not moved.
    NormalCamera.X, Y, Z: half; the same as the camera sees them: x right, y up, z towards it.
    UV.U, V, A:   float; where in the portrait picture the pixel was taken from, 0..1 to 2^-17, V up; A: 1 where it is known.
    CryptoObject: float; the hashes of two names in `ID_NAMES` and how much of the pixel each covers, together the alpha.
    Depth, ids and normals are known wherever alpha is above 0, and UV where that shows the photo: a soft edge has those of
    the nearest pixel that has any, so that hair can be set before and behind things and be keyed by its id.
    The header has the standard attributes worldToCamera and worldToNDC, of Blender's world too.
    """
    assert frame.normals is not None
    alpha = frame.rgba[..., 3].astype(np.float32) / 255
    seen = alpha > 0
    depth, uv, ids = _spread(seen, frame.ids > 0, frame.depth, frame.uv, frame.ids)
    (normals,) = _spread(seen, cv2.transform(np.abs(frame.normals), np.ones((1, 3))) > 0, frame.normals)
    towards = (np.diag([1.0, -1.0, -1.0]) @ camera.world_to_camera[:3, :3]).astype(np.float64)
    here = ids > 0
    known = here & (uv[..., 0] >= 0)
    first, second, share = _ranked(ids)
    colour = _linear()[frame.rgba[..., :3]] * alpha[..., None]
    nothing = np.zeros_like(alpha)
    planes = {
        **_halves("Combined", "RGB", colour),
        **_halves("Combined", "A", alpha),
        f"{_LAYER}.Depth.Z": np.where(here, _rounded(depth), FAR),
        **_halves("Normal", "XYZ", cv2.transform(normals, _TO_BLENDER)),
        **_halves("NormalCamera", "XYZ", cv2.transform(normals, towards)),
        f"{_LAYER}.UV.U": np.where(known, _rounded(uv[..., 0]), nothing),
        f"{_LAYER}.UV.V": np.where(known, _rounded(1 - uv[..., 1]), nothing),
        f"{_LAYER}.UV.A": known.astype(np.float32),
        f"{_CRYPTO}00.r": _id_floats()[first],
        f"{_CRYPTO}00.g": np.where(here, alpha * share, nothing),
        f"{_CRYPTO}00.b": _id_floats()[second],
        f"{_CRYPTO}00.a": np.where(here, alpha * (1 - share), nothing),
    }
    stream = io.BytesIO()
    channels = {name: np.ascontiguousarray(plane) for name, plane in planes.items()}
    OpenEXR.File(_header(camera), channels, num_threads=0).write(stream)
    return stream.getvalue()


def murmur3(text: str) -> int:
    """MurmurHash3_32 of a name with seed 0, which Cryptomatte names its ids by."""
    data = text.encode()
    state = 0
    whole = len(data) // 4 * 4
    for (block,) in struct.iter_unpack("<I", data[:whole]):
        state = (_rotated(state ^ _scrambled(block), 13) * 5 + 0xE6546B64) & 0xFFFFFFFF
    state ^= _scrambled(int.from_bytes(data[whole:], "little")) ^ len(data)
    state = (state ^ state >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    state = (state ^ state >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return state ^ state >> 16


def crypto_id(name: str) -> int:
    """The bits of the float that stands for a name: its hash, kept clear of inf, NaN and denormals.

    Source: Friedman and Jones, Cryptomatte specification 1.2.0, "ID generation".
    """
    bits = murmur3(name)
    exponent = bits >> 23 & 0xFF
    return bits ^ 1 << 23 if exponent in (0, 255) else bits


def _halves(name: str, letters: str, values: np.ndarray) -> dict[str, np.ndarray]:
    """The half planes of a pass of (H, W, len(letters)) or (H, W) float32."""
    halves = cv2.convertFp16(values).view(np.float16)  # numpy takes six times as long
    halves = halves.reshape(*values.shape[:2], len(letters))
    return {f"{_LAYER}.{name}.{letter}": halves[..., k] for k, letter in enumerate(letters)}


def _rounded(values: np.ndarray) -> np.ndarray:
    """To `_FINEST`: what is below tells nothing, and makes a file a third larger."""
    return np.round(values * (1 / _FINEST)) * _FINEST


def _spread(seen: np.ndarray, known: np.ndarray, *passes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Passes (H, W, ...) that are `known` (H, W) in some pixels; others that are `seen` (H, W) get the nearest one's."""
    soft = np.flatnonzero(seen & ~known)
    if len(soft) == 0 or not known.any():
        return passes
    _, nearest = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    labels = nearest.astype(np.intp)  # (H, W): which known pixel is the nearest, by a number of OpenCV's own
    place = np.empty(labels.max() + 1, np.intp)
    place[labels[known]] = np.flatnonzero(known)
    source = place[labels.reshape(-1)[soft]]
    spread = []
    for values in passes:
        flat = values.reshape(known.size, -1).copy()
        flat[soft] = flat[source]
        spread.append(flat.reshape(values.shape))
    return tuple(spread)


def _ranked(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(H, W) each: the id that covers most of a pixel, the next (0: none), and the first one's share of both, float32.

    The frame has one id a pixel. As a renderer's filter is wider than a pixel, so are the neighbours counted in here, with
    `_TENT`: where two parts meet, their mattes are smooth and add up.
    """
    rows, columns = np.nonzero(_differs(ids))
    padded = np.pad(ids, 1, mode="edge")
    counts = np.zeros((len(rows), len(ID_NAMES)), np.float32)
    each = np.arange(len(rows))
    for down, weight_down in enumerate(_TENT):
        for right, weight_right in enumerate(_TENT):
            counts[each, padded[rows + down, columns + right]] += weight_down * weight_right
    counts[:, 0] = 0
    best = counts.argmax(axis=1)
    most = counts[each, best]
    counts[each, best] = 0
    other = counts.argmax(axis=1)
    rest = counts[each, other]
    first, second, share = ids.copy(), np.zeros_like(ids), np.ones(ids.shape, np.float32)
    first[rows, columns] = best
    second[rows, columns] = np.where(rest > 0, other, 0)
    share[rows, columns] = most / (most + rest)
    return first, second, share


def _differs(ids: np.ndarray) -> np.ndarray:
    """(H, W) bool: somebody is there, and a part of another id beside or across the corner."""
    unknown = np.uint8(255)
    box = np.ones((3, 3), np.uint8)
    highest = cv2.dilate(ids, box)
    lowest = cv2.erode(np.where(ids > 0, ids, unknown), box)
    return (ids > 0) & (highest != lowest)


@functools.cache
def _linear() -> np.ndarray:
    """(256,) float32: 8-bit sRGB to linear (IEC 61966-2-1)."""
    encoded = np.arange(256) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(np.float32)


@functools.cache
def _id_floats() -> np.ndarray:
    """(N,) float32: what stands for each of `ID_NAMES`; the background has no id."""
    bits = [0, *(crypto_id(name) for name in ID_NAMES[1:])]
    return np.array(bits, np.uint32).view(np.float32)


def _header(camera: Camera) -> dict[str, object]:
    """Says what the channels are, how they were seen, who made them, and that no camera saw this."""
    crypto = f"cryptomatte/{murmur3(_CRYPTO):08x}"[: len("cryptomatte/") + 7]
    manifest = {name: f"{crypto_id(name):08x}" for name in ID_NAMES[1:]}
    to_camera, to_ndc = _matrices(camera)
    return {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "chromaticities": _REC709,
        "colorInteropID": "lin_rec709_scene",
        "BlenderMultiChannel": "Blender V2.55.1 and newer",  # what Blender knows a multilayer file by
        f"{crypto}/name": _CRYPTO,
        f"{crypto}/hash": "MurmurHash3_32",
        f"{crypto}/conversion": "uint32_to_float32",
        f"{crypto}/manifest": json.dumps(manifest, separators=(",", ":")),
        "worldToCamera": to_camera,
        "worldToNDC": to_ndc,
        "software": f"Garrick {garrick.__version__}",
        "comments": SYNTHETIC,
        "digitalSourceType": SOURCE_TYPE,
    }


def _matrices(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """(4, 4) float32 each: worldToCamera and worldToNDC as OpenEXR defines them.

    Points are row vectors. The camera's space has x to the right, y up and z forward; the picture's reaches from (0, 0) at
    its upper left to (1, 1) at its lower right. Source: ImfStandardAttributes.h of OpenEXR 3.
    """
    ours = np.eye(4)
    ours[:3, :3] = _TO_BLENDER.T
    view = camera.world_to_camera @ ours
    lens = np.zeros((4, 4))
    lens[:2, :3] = camera.intrinsics[:2] / np.array(camera.size)[:, None]
    lens[2, 3] = lens[3, 2] = 1
    up = np.diag([1.0, -1.0, 1.0, 1.0])
    # the writer takes the values as they lie in memory, whatever the strides say
    return np.ascontiguousarray((up @ view).T, np.float32), np.ascontiguousarray((lens @ view).T, np.float32)


def _scrambled(block: int) -> int:
    return _rotated(block * 0xCC9E2D51 & 0xFFFFFFFF, 15) * 0x1B873593 & 0xFFFFFFFF


def _rotated(value: int, by: int) -> int:
    """A 32-bit word turned to the left."""
    return (value << by | value >> 32 - by) & 0xFFFFFFFF
