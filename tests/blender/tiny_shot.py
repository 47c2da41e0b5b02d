"""A shot folder small enough for a test: a ball of a head, five joints, 52 shapes, 64-pixel frames, a tone.

python tiny_shot.py FOLDER '{"frames": 12, "fps": "25"}'
"""

from __future__ import annotations

import json
import sys
import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from garrick.bodies.lbs import skin_numpy
from garrick.core.archive import save_arrays
from garrick.core.arkit import ARKIT_NAMES
from garrick.core.camera import Camera
from garrick.core.performance import AudioReference, Performance
from garrick.outputs.exr import encode_exr
from garrick.rendering.take import Frame

RINGS, SEGMENTS = 12, 16
JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")
PARENTS = (-1, 0, 1, 1, 1)
POSITIONS = np.array([[0, -0.2, 0], [0, -0.05, 0], [0, -0.02, 0.02], [0.03, 0.04, 0.07], [-0.03, 0.04, 0.07]])
CHANNELS = ("", "head_rotation", "", "gaze.left", "gaze.right")


def write_shot(
    folder: Path, fps: Fraction = Fraction(25), frames: int = 12, size: tuple[int, int] = (64, 48), moving: bool = False,
    passes: bool = False,
) -> Path:  # fmt: skip
    """Write a whole shot folder; returns its shot.json. moving: the camera and its lens move. passes: an EXR a frame."""
    (folder / "frames").mkdir(parents=True)
    rng = np.random.default_rng(7)
    performance = tiny_performance(frames, fps, rng)
    performance.save(folder / "performance.npz")
    save_arrays(folder / "rig.npz", tiny_rig(rng))
    camera = tiny_camera(size, frames if moving else 1, fps)
    (folder / "camera.json").write_text(json.dumps(camera))
    speech = {"text": "ba", "phones": [["b", 0.0, 0.08, 1.0], ["a", 0.08, 0.4, 0.9]], "words": [["ba", 0.04, 0.4]]}
    (folder / "speech.json").write_text(json.dumps(speech))
    _write_pictures(folder, frames, size)
    if passes:
        _write_passes(folder, frames, size, camera)
    _write_tone(folder / "audio.wav", frames / float(fps))
    manifest = {
        "schema": 1, "garrick": "0.1.0", "synthetic": True, "performance": "performance.npz", "rig": "rig.npz",
        "texture": "texture.png", "background": "background.png", "audio": "audio.wav", "speech": "speech.json",
        "camera": "camera.json", "frames": {"pattern": "frames/frame_{:06d}.png", "first": 0, "last": frames - 1},
    }  # fmt: skip
    path = folder / "shot.json"
    path.write_text(json.dumps(manifest))
    return path


def tiny_performance(frames: int, fps: Fraction, rng: np.random.Generator) -> Performance:
    """Everything moves; the head turns far enough for a quaternion to change sign."""
    rest = Performance.rest(frames, fps)
    times = np.linspace(0, 1, frames)[:, None]
    return Performance(
        fps=fps,
        face=rng.uniform(0, 1, (frames, 52)),
        head_rotation=times * [0.3, 2.5 * np.pi, 0.1],
        head_translation=times * [0.01, 0.02, -0.03],
        gaze=rng.uniform(-0.4, 0.4, (frames, 2, 2)),
        body_pose=rest.body_pose,
        left_hand=rest.left_hand,
        right_hand=rest.right_hand,
        identity=rest.identity,
        audio=AudioReference("audio.wav"),
    )


def tiny_rig(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The arrays of rig.npz for a ball of 0.1 m with a quad grid."""
    polar, turn = np.meshgrid(
        np.linspace(0.05, np.pi - 0.05, RINGS), np.linspace(0, 2 * np.pi, SEGMENTS, endpoint=False), indexing="ij"
    )
    ball = np.stack([np.sin(polar) * np.sin(turn), np.cos(polar), np.sin(polar) * np.cos(turn)], axis=-1)
    vertices = (0.1 * ball).reshape(-1, 3).astype(np.float32)
    ring, segment = np.meshgrid(np.arange(RINGS - 1), np.arange(SEGMENTS), indexing="ij")
    after = (segment + 1) % SEGMENTS
    corners = [ring * SEGMENTS + segment, (ring + 1) * SEGMENTS + segment, (ring + 1) * SEGMENTS + after,
               ring * SEGMENTS + after]  # fmt: skip
    loops = np.stack(corners, axis=-1).reshape(-1).astype(np.int32)
    shape_vertices = [np.sort(rng.choice(len(vertices), 20, replace=False)) for _ in ARKIT_NAMES]
    weights = rng.uniform(0, 1, (len(vertices), len(JOINTS))) * (rng.uniform(0, 1, (len(vertices), len(JOINTS))) > 0.4)
    weights[:, 1] += 0.1
    for joint in (3, 4):  # a rigid cap about each eye's axis
        weights[np.linalg.norm(vertices - POSITIONS[joint], axis=1) < 0.03] = np.eye(len(JOINTS))[joint]
    polygons = len(loops) // 4
    return {
        "vertices": vertices,
        "loops": loops,
        "polygon_sizes": np.full(polygons, 4, np.int32),
        "uv": np.stack([loops % SEGMENTS / SEGMENTS, loops // SEGMENTS / RINGS], axis=1).astype(np.float32),
        "photo_uv": (vertices[loops][:, :2] * 4 + 0.5).astype(np.float32),
        "material": (np.arange(polygons) % 2).astype(np.uint8),
        "material_names": np.array(["skin", "eye"]),
        "material_colors": np.array([[0.5, 0.3, 0.2], [0.9, 0.9, 0.9]], np.float32),
        "shape_names": np.array(ARKIT_NAMES),
        "shape_starts": np.arange(0, 20 * 52 + 1, 20).astype(np.int32),
        "shape_vertices": np.concatenate(shape_vertices).astype(np.int32),
        "shape_deltas": rng.normal(0, 0.005, (20 * 52, 3)).astype(np.float32),
        "joint_names": np.array(JOINTS),
        "joint_parents": np.array(PARENTS, np.int32),
        "joint_positions": POSITIONS.astype(np.float32),
        "weights": (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32),
        "joint_channels": np.array(CHANNELS),
    }


def posed(arrays: dict[str, np.ndarray], performance: Performance, frame: int) -> np.ndarray:
    """(V, 3) metres in Garrick's space: the rig in one frame by the backend's own skinning, not by Blender's."""
    vertices = arrays["vertices"].astype(np.float64)
    for shape in range(52):
        entries = slice(arrays["shape_starts"][shape], arrays["shape_starts"][shape + 1])
        vertices[arrays["shape_vertices"][entries]] += performance.face[frame, shape] * arrays["shape_deltas"][entries]
    joints = arrays["joint_positions"].astype(np.float64)
    weights = arrays["weights"].astype(np.float64)
    turns = np.zeros((len(joints), 3))
    turns[1] = performance.head_rotation[frame]
    turns[3:5] = [_look(*performance.gaze[frame, eye]) for eye in (0, 1)]
    return skin_numpy(vertices, joints, turns, weights, PARENTS) + performance.head_translation[frame]


def tiny_camera(size: tuple[int, int], count: int, fps: Fraction) -> dict[str, Any]:
    """camera.json: half a metre before the face, off-centre; with a count above one it glides and zooms."""
    width, height = size
    steps = np.linspace(0, 1, count)
    intrinsics = [[[90 + 20 * s, 0, width * 0.45], [0, 90 + 20 * s, height * 0.55], [0, 0, 1]] for s in steps]
    poses = [[[1, 0, 0, 0.02 * s], [0, -1, 0, 0.01], [0, 0, -1, 0.5 + 0.1 * s], [0, 0, 0, 1]] for s in steps]
    return {"size": [width, height], "fps": [fps.numerator, fps.denominator], "intrinsics": intrinsics,
            "world_to_camera": poses}  # fmt: skip


def _look(yaw: float, pitch: float) -> np.ndarray:
    """Axis-angle of a turn about +Y by yaw after one about +X by -pitch, by matrices."""
    turn, _ = cv2.Rodrigues(np.array([0.0, yaw, 0.0]))
    nod, _ = cv2.Rodrigues(np.array([-pitch, 0.0, 0.0]))
    return cv2.Rodrigues(turn @ nod)[0][:, 0]


def _write_pictures(folder: Path, frames: int, size: tuple[int, int]) -> None:
    """Frame i is one flat colour that tells i: red 20 i; the left half is clear."""
    width, height = size
    for frame in range(frames):
        picture = np.zeros((height, width, 4), np.uint8)
        picture[:, width // 2 :] = (0, 0, min(20 * frame, 255), 255)  # BGRA
        cv2.imwrite(str(folder / "frames" / f"frame_{frame:06d}.png"), picture)
    cv2.imwrite(str(folder / "texture.png"), np.full((64, 64, 3), 128, np.uint8))
    cv2.imwrite(str(folder / "background.png"), np.full((height, width, 3), (255, 0, 0), np.uint8))


def _write_passes(folder: Path, frames: int, size: tuple[int, int], camera: dict[str, Any]) -> None:
    """The passes of these pictures: the right half is 0.5 m away, hair above and skin below, seen from its left."""
    width, height = size
    there = np.arange(width)[None] >= width // 2 + np.zeros((height, 1), int)
    (folder / "exr").mkdir()
    seen_by = Camera(*(np.array(camera[name][0]) for name in ("intrinsics", "world_to_camera")), size)
    for frame in range(frames):
        rgba = cv2.cvtColor(
            cv2.imread(str(folder / "frames" / f"frame_{frame:06d}.png"), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA
        )
        made = Frame(
            rgba=rgba,
            depth=np.where(there, 0.5, np.inf).astype(np.float32),
            uv=np.where(there[..., None], 0.5, -1).astype(np.float32) * np.ones(2, np.float32),
            ids=np.where(there, np.where(np.arange(height)[:, None] < height // 2, 2, 3), 0).astype(np.uint8),
            plate=rgba[..., :3],
            normals=there[..., None] * np.array([0.6, 0, 0.8], np.float32),
        )
        (folder / "exr" / f"frame_{frame:06d}.exr").write_bytes(encode_exr(made, seen_by))


def _write_tone(path: Path, seconds: float, rate: int = 16000) -> None:
    tone = 8000 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(tone.astype("<i2").tobytes())


if __name__ == "__main__":
    options = json.loads(sys.argv[2])
    write_shot(Path(sys.argv[1]), Fraction(options.pop("fps", "25")), **options)
