"""Phase 1 for a still: a photo becomes a Portrait."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from garrick.bodies.head import Head, load_head
from garrick.context import RunContext
from garrick.core.rotation import rotation_matrices
from garrick.errors import InputError
from garrick.perception.faces import detect_faces
from garrick.perception.fit import EYES, LIPS, OVAL, Fit, camera_of, fit_head
from garrick.perception.image import Framing, Photo, frame_face, load_photo
from garrick.perception.iris import refine_irises
from garrick.perception.landmarks import face_landmarks
from garrick.perception.light import estimate_light
from garrick.perception.matte import person_matte
from garrick.perception.portrait import FitReport, Portrait

MIN_FACE = 96
MAX_YAW = 42.0  # degrees as the fit reads them: of large turns it reads less, of 45 it reads 40
_PRESENT = (
    0.95  # of faces, even half hidden, nearly dark or 24 pixels high: above 0.999; of fur that looked like one: 0.89
)
_OVERHANG = 0.03  # of the face's height
_INNER = (*LIPS, *EYES)


def run(
    portrait: Path, size: tuple[int, int], face_index: int | None, ctx: RunContext, framing: str = "head"
) -> Portrait:
    """Read a photo, find the face, fit the head.

    size: width and height of the frames, pixels; the photo is cropped and scaled to it.
    face_index: which face, counted from the left; may be None when there is only one.
    framing: how much of the person the frames show, one of `image.FRAMINGS`.
    Raises InputError for a photo without a usable face, MissingError when weights or the head model are missing.
    """
    ctx.step("portrait", 0, 5)
    photo = load_photo(portrait)
    head = load_head()
    points, tall, faces = _choose(photo, face_index)
    ctx.step("portrait", 1, 5)
    check_edges(photo, points)
    image, landmarks, intrinsics = framed(photo, points, size, framing)
    ctx.step("portrait", 2, 5)
    fit = fit_head(head, landmarks, intrinsics)
    yaw, pitch, roll = angles(fit.rotation)
    check_turn(yaw)
    ctx.step("portrait", 3, 5)
    alpha = person_matte(image)
    ctx.step("portrait", 4, 5)
    result = _assemble(head, image, alpha, landmarks, fit, intrinsics, size)
    wide = float(np.ptp(landmarks[list(OVAL), 0]))
    report = FitReport(
        reprojection_px=float(fit.errors.mean()),
        reprojection_percent=float(fit.errors.mean() / wide * 100),
        inner_px=float(fit.errors[list(_INNER)].mean()),
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        face_px=tall,
        faces=faces,
    )
    ctx.step("portrait", 5, 5)
    return Portrait(**result, report=report)


def _choose(photo: Photo, face_index: int | None) -> tuple[np.ndarray, float, int]:
    """The wanted face's (478, 2) landmarks in photo pixels, its height in pixels, and how many faces there are.

    Faces too small to be used do not count beside one that is large enough.
    """
    found = faces_in(photo)
    check_heights([height_of(points) for points in found])
    faces = [(points, height_of(points)) for points in found if height_of(points) >= MIN_FACE]
    if len(faces) > 1 and face_index is None:
        raise InputError(
            f"The photo shows {len(faces)} faces.",
            f"Choose one with --face-index 0 to {len(faces) - 1}, counted from the left.",
        )
    index = face_index or 0
    if index >= len(faces):
        raise InputError(f"There is no face {index}: the photo shows {len(faces)}.", "Count from 0, from the left.")
    return *faces[index], len(faces)


def faces_in(photo: Photo) -> list[np.ndarray]:
    """(478, 2) landmarks in photo pixels of every face, from left to right, of whatever size."""
    candidates = [face_landmarks(photo.pixels, face) for face in detect_faces(photo.pixels)]
    return [points for points, presence in candidates if presence > _PRESENT]


def height_of(points: np.ndarray) -> float:
    """The height of a face, from brow to chin, in the pixels of its (478, 2) landmarks."""
    return float(np.ptp(points[:468, 1]))


def check_heights(heights: list[float]) -> None:
    """Raise InputError when none of the faces of a photo is large enough; heights: of all of them, pixels."""
    if not heights:
        raise InputError("No face was found in the photo.", "Use a photo of one person, face to the camera, well lit.")
    if max(heights) < MIN_FACE:
        raise InputError(
            f"The face is only {max(heights):.0f} pixels high; {MIN_FACE} are needed.",
            "Use a closer or a larger photo.",
        )


def check_turn(yaw: float) -> None:
    """Raise InputError when a face is turned too far away; yaw: degrees."""
    if abs(yaw) > MAX_YAW:
        raise InputError(f"The face is turned {abs(yaw):.0f} degrees away.", "Use a photo that shows both eyes.")


def check_edges(photo: Photo, points: np.ndarray) -> None:
    """Raise InputError when the face is cut off; landmarks may overhang a little, as the net guesses the hidden ones."""
    low, high = points[:468].min(axis=0), points[:468].max(axis=0)
    over = max(float(-low.min()), float((high - photo.pixels.shape[1::-1]).max()))
    if over > _OVERHANG * float(high[1] - low[1]):
        raise InputError("The face is cut off by the edge of the photo.", "Use a photo that shows the whole face.")


def framed(
    photo: Photo, points: np.ndarray, size: tuple[int, int], framing: str = "head"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A face cut out for frames of that size: (H, W, 3) uint8 picture, (478, 2) landmarks in it, (3, 3) intrinsics."""
    image, cut = frame_face(photo.pixels, points[:468], size, framing)
    landmarks = cut.to_canvas(refine_irises(photo.pixels, points)).astype(np.float32)
    return image, landmarks, _intrinsics(photo, cut)


def _intrinsics(photo: Photo, framing: Framing) -> np.ndarray:
    """(3, 3) of the canvas: the photo's lens, its axis through the middle of the uncropped photo."""
    height, width = photo.pixels.shape[:2]
    focal = photo.focal_pixels * framing.scale
    centre = framing.to_canvas(np.array([width / 2, height / 2]))
    return np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1.0]])


def angles(rotation: np.ndarray) -> tuple[float, float, float]:
    """Yaw (+ to the subject's left), pitch (+ up) and roll (+ towards the subject's right shoulder), degrees."""
    matrix = rotation_matrices(rotation.astype(np.float64))
    ahead = matrix @ (0, 0, 1)
    roll = np.arctan2(-matrix[1, 0], np.hypot(matrix[0, 0], matrix[2, 0]))
    yaw, pitch = np.arctan2(ahead[0], ahead[2]), np.arcsin(np.clip(ahead[1], -1, 1))
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))


def _assemble(
    head: Head,
    image: np.ndarray,
    alpha: np.ndarray,
    landmarks: np.ndarray,
    fit: Fit,
    intrinsics: np.ndarray,
    size: tuple[int, int],
) -> dict:
    camera = camera_of(fit, head, intrinsics, size)
    posed = head.vertices(fit.identity, fit.face, neck=fit.rotation)
    return {
        "image": image,
        "alpha": alpha,
        "landmarks": landmarks,
        "identity": fit.identity,
        "face": fit.face,
        "head_rotation": fit.rotation,
        "gaze": fit.gaze,
        "camera": camera,
        "light": estimate_light(head, posed, head.normals(posed), image, camera),
    }
