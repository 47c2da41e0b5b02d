"""The EXR frame: premultiplied linear colour with depth, UV and Cryptomatte ids, named as Blender names its own passes."""

from __future__ import annotations

import functools
import io
import json
import struct

import cv2
import numpy as np
import OpenEXR

import garrick
from garrick.rendering.take import ID_NAMES, Frame

from .synthetic import SOURCE_TYPE, SYNTHETIC

FAR = np.float32(1e10)
"""Metres of depth where nothing is: what Cycles writes there, and unlike inf no sum makes NaN of it."""

_LAYER = "ViewLayer"
_CRYPTO = f"{_LAYER}.CryptoObject"
_REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)  # x, y of red, green, blue and white (ITU-R BT.709)


def encode_exr(frame: Frame) -> bytes:
    """A multilayer EXR with the frame's passes; equal frames give equal bytes.

    Combined:     RGBA half, linear Rec.709, premultiplied; the 8-bit colour and alpha of the PNG.
    Depth.Z:      float, planar metres along the optical axis, `FAR` where nobody is.
    UV.U, V, A:   float; where in the portrait picture the pixel was taken from, 0..1 with V up; A is 1 where that is known.
    CryptoObject: float; the hash of the name in `ID_NAMES`, and the alpha as its coverage.
    Depth and ids are known wherever alpha is above 0, and UV where that shows the photo: a soft edge has those of the
    nearest pixel that has any, so that hair can be set before and behind things and be keyed by its id.
    """
    alpha = frame.rgba[..., 3].astype(np.float32) / 255
    depth, uv, ids = _spread(frame, alpha > 0)
    here = ids > 0
    known = here & (uv[..., 0] >= 0)
    colour = _linear()[frame.rgba[..., :3]] * alpha[..., None]
    nothing = np.zeros_like(alpha)
    planes = {
        f"{_LAYER}.Combined.R": colour[..., 0].astype(np.float16),
        f"{_LAYER}.Combined.G": colour[..., 1].astype(np.float16),
        f"{_LAYER}.Combined.B": colour[..., 2].astype(np.float16),
        f"{_LAYER}.Combined.A": alpha.astype(np.float16),
        f"{_LAYER}.Depth.Z": np.where(here, depth, FAR),
        f"{_LAYER}.UV.U": np.where(known, uv[..., 0], nothing),
        f"{_LAYER}.UV.V": np.where(known, 1 - uv[..., 1], nothing),
        f"{_LAYER}.UV.A": known.astype(np.float32),
        f"{_CRYPTO}00.r": _id_floats()[ids],
        f"{_CRYPTO}00.g": np.where(here, alpha, nothing),
        f"{_CRYPTO}00.b": nothing,
        f"{_CRYPTO}00.a": nothing,
    }
    stream = io.BytesIO()
    channels = {name: np.ascontiguousarray(plane) for name, plane in planes.items()}
    OpenEXR.File(_header(), channels, num_threads=0).write(stream)
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


def _spread(frame: Frame, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Depth, UV and ids of the frame; pixels that are `seen` (H, W) but have none get the nearest pixel's."""
    known = frame.ids > 0
    soft = np.flatnonzero(seen & ~known)
    if len(soft) == 0 or not known.any():
        return frame.depth, frame.uv, frame.ids
    _, nearest = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    labels = nearest.astype(np.intp)  # (H, W): which known pixel is the nearest, by a number of OpenCV's own
    place = np.empty(labels.max() + 1, np.intp)
    place[labels[known]] = np.flatnonzero(known)
    source = place[labels.reshape(-1)[soft]]
    depth, uv, ids = frame.depth.copy(), frame.uv.copy(), frame.ids.copy()
    depth.reshape(-1)[soft] = frame.depth.reshape(-1)[source]
    uv.reshape(-1, 2)[soft] = frame.uv.reshape(-1, 2)[source]
    ids.reshape(-1)[soft] = frame.ids.reshape(-1)[source]
    return depth, uv, ids


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


def _header() -> dict[str, object]:
    """Says what the channels are, who made them, and that no camera saw this."""
    crypto = f"cryptomatte/{murmur3(_CRYPTO):08x}"[: len("cryptomatte/") + 7]
    manifest = {name: f"{crypto_id(name):08x}" for name in ID_NAMES[1:]}
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
        "software": f"Garrick {garrick.__version__}",
        "comments": SYNTHETIC,
        "digitalSourceType": SOURCE_TYPE,
    }


def _scrambled(block: int) -> int:
    return _rotated(block * 0xCC9E2D51 & 0xFFFFFFFF, 15) * 0x1B873593 & 0xFFFFFFFF


def _rotated(value: int, by: int) -> int:
    """A 32-bit word turned to the left."""
    return (value << by | value >> 32 - by) & 0xFFFFFFFF
