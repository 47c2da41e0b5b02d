"""Live Link Face CSV (Epic's capture app): 52 face weights and the turns of head and eyes, one row a frame.

Angles are radians in the face's own axes, counted as Unreal does: yaw turns to the subject's right, pitch looks down, roll
lifts the subject's right. So do the eyes of seven recordings of the app (1,825 to 3,046 rows each): yaw goes against
EyeLookOutLeft - EyeLookInLeft (correlation -0.77 to -1.00), pitch with EyeLookDown - EyeLookUp (0.98 to 1.00), roll is yaw
times pitch, as of an eye that turns about its own upright axis. Their head columns are all zero; the head follows the eyes
here because Unreal's own code passes both through one conversion. Not kept by the format: the head's place, body, hands,
identity, audio.
"""

from __future__ import annotations

import csv
import io
import re
from fractions import Fraction
from pathlib import Path

import numpy as np

from .arkit import ARKIT_NAMES
from .euler import euler_angles, euler_matrices, smooth_axis_angles
from .performance import AudioReference, Performance
from .rotation import rotation_matrices

_HEAD = ("HeadYaw", "HeadPitch", "HeadRoll")
_EYES = tuple(f"{side}Eye{angle}" for side in ("Left", "Right") for angle in ("Yaw", "Pitch", "Roll"))
_SWAPPED = {"jawLeft": "jawRight", "mouthLeft": "mouthRight"}  # the app writes the right one first
_ORDER = tuple({**_SWAPPED, **{b: a for a, b in _SWAPPED.items()}}.get(name, name) for name in ARKIT_NAMES)
COLUMNS: tuple[str, ...] = (*(name[0].upper() + name[1:] for name in _ORDER), *_HEAD, *_EYES)
"""The 61 values of a row, as the app orders them."""

_UNREAL = np.array([-1.0, 1.0, -1.0])
"""From Garrick's yaw (+ to the left), pitch (+ down) and roll (+ lifts the left) to the file's, and back."""

_TIMECODE = re.compile(r"(\d{1,2})[:;](\d{1,2})[:;](\d{1,2})[:;](\d{1,3}(?:\.\d*)?)")
_LARGEST = 200_000_000  # bytes
_DAY = 86400.0  # seconds
_GAPS = 20  # times more frames than rows: not a recording with gaps but a damaged one


def write_live_link(performance: Performance, path: str | Path) -> None:
    """Write the face, the head's turn and the gaze. Raises OSError.

    Timecodes count from zero at the performance's rate, rounded up to whole frames a second (29.97 counts 30, no frame
    is dropped). Importers look for the sound under the file's own stem.
    """
    with open(path, "w", encoding="ascii", newline="") as file:
        file.write(live_link_text(performance))


def live_link_text(performance: Performance) -> str:
    """What `write_live_link` writes; every float32 comes back as it was."""
    head = euler_angles(rotation_matrices(performance.head_rotation.astype(np.float64))) * _UNREAL
    eyes = np.zeros((len(performance), 2, 3))
    eyes[..., :2] = -performance.gaze  # which is + to the left and + up
    face = performance.face[:, [ARKIT_NAMES.index(name) for name in _ORDER]]
    values = np.concatenate([face, head, eyes.reshape(-1, 6)], axis=1) + 0.0  # no "-0"
    clock = -(-performance.fps.numerator // performance.fps.denominator)
    row = ",".join(["%.9g"] * len(COLUMNS))
    lines = ["Timecode,BlendShapeCount," + ",".join(COLUMNS)]
    for frame, numbers in enumerate(values.tolist()):
        seconds, rest = divmod(frame, clock)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        time = f"{hours % 24:02d}:{minutes:02d}:{seconds:02d}:{rest:02d}.000"
        lines.append(f"{time},{len(COLUMNS)},{row % tuple(numbers)}")
    return "\r\n".join(lines) + "\r\n"


def read_live_link(path: str | Path, fps: Fraction | None = None, flip_head: bool = False) -> Performance:
    """Read a recording. Raises ValueError with a sentence for the user, OSError.

    fps:       of the rows. None: told from where the timecode's frames wrap to the next second (whole rates only: the
               file cannot say 29.97), which needs more than a second of recording.
    flip_head: turn yaw and pitch of the head around, for takes recorded with the phone lying on its side.
    Frames that the phone dropped are filled in along straight lines. The audio is the sound of the same name. What the
    recording moves is in `tracks`, as "tracked": many are made without head and gaze.
    """
    path = Path(path)
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path.name} is larger than {_LARGEST // 1_000_000} MB.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not a Live Link Face recording.") from error
    columns, times, values = _parse(text, path.name)
    rate, index = _clock(times, fps, path.name)
    frames = int(index[-1]) + 1
    last = np.append(np.diff(index) > 0, True)  # of several rows of one frame
    index, values = index[last], values[last]
    rows = {name: np.interp(np.arange(frames), index, values[:, column]) for name, column in columns.items()}
    still = np.zeros(frames)
    turn = np.stack([rows.get(name.lower(), still) for name in _HEAD], axis=1) * _UNREAL
    if flip_head:
        turn[:, :2] *= -1
    eyes = [[rows.get(f"{side}eye{angle}", still) for angle in ("yaw", "pitch")] for side in ("left", "right")]
    gaze = -np.moveaxis(np.array(eyes), -1, 0)
    held = ["face"] + ["head_rotation"] * bool(np.any(turn)) + ["gaze"] * bool(np.any(gaze))
    rest = Performance.rest(frames, rate)
    return Performance(
        fps=rate,
        face=np.clip(np.stack([rows.get(name.lower(), still) for name in ARKIT_NAMES], axis=1), 0, 1),
        head_rotation=smooth_axis_angles(euler_matrices(turn, "YXZ")),
        head_translation=rest.head_translation,
        gaze=gaze,
        body_pose=rest.body_pose,
        left_hand=rest.left_hand,
        right_hand=rest.right_hand,
        identity=rest.identity,
        audio=AudioReference(path.with_suffix(".wav").name),
        tracks=dict.fromkeys(held, "tracked"),
    )


def _parse(text: str, name: str) -> tuple[dict[str, int], np.ndarray, np.ndarray]:
    """Column of each known name in lower case, (R, 2) whole seconds and frames of the timecodes, (R, C) values."""
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error as error:
        raise ValueError(f"{name} is not a Live Link Face recording.") from error
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    known = {cell.lower() for cell in COLUMNS}
    columns = {cell: column for column, cell in enumerate(header) if cell in known}
    if not header or header[0] != "timecode" or "jawopen" not in columns:
        raise ValueError(f"{name} is not a Live Link Face recording: it lacks the columns Timecode and JawOpen.")
    times, values = [], []
    for line, row in enumerate(rows[1:], 2):
        if not row or len(row) < len(header):
            continue  # a recording that was cut off ends in half a row
        match = _TIMECODE.fullmatch(row[0].strip())
        try:
            if match is None:
                raise ValueError
            hours, minutes, seconds, frame = match.groups()
            numbers = [float(row[column] or 0) for column in columns.values()]
        except ValueError:
            raise ValueError(f"{name} is damaged: line {line} cannot be read.") from None
        times.append((int(hours) * 3600 + int(minutes) * 60 + int(seconds), float(frame)))
        values.append(numbers)
    if not values:
        raise ValueError(f"{name} holds no frames.")
    array = np.array(values)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is damaged: it holds values that are not finite.")
    return {cell: place for place, cell in enumerate(columns)}, np.array(times), array


def _clock(times: np.ndarray, fps: Fraction | None, name: str) -> tuple[Fraction, np.ndarray]:
    """The rows' rate and (R,) the frame of each row from 0, rising."""
    seconds, frames = times[:, 0], times[:, 1]
    seconds = seconds + _DAY * np.cumsum(np.diff(seconds, prepend=seconds[0]) < -_DAY / 2)  # past midnight
    steps, passed = np.diff(frames), np.diff(seconds)
    within = steps[(passed == 0) & (steps > 1e-3)]
    # a phone films at 60 frames a second and may count its timecode at 30, or the other way round
    step = min((0.5, 1.0, 2.0), key=lambda step: abs(float(np.median(within)) - step)) if len(within) else 1.0
    clock = 0 if fps is None else int(np.ceil(float(fps) * step - 0.03))  # 29.97 counts 30
    if clock <= frames.max():
        wraps = frames[:-1][passed == 1] + step - frames[1:][passed == 1]
        if len(wraps) == 0:
            raise ValueError(f"{name} is too short to tell its frame rate; give it.")
        clock = round(float(np.median(wraps)))
    at = (seconds - seconds[0]) * clock + frames - frames[0]
    index = np.round(at / step)
    if np.any(passed < 0) or np.any(np.diff(index) < 0):
        raise ValueError(f"{name} is damaged: its timecodes run backwards.")
    if index[-1] > _GAPS * len(index):
        raise ValueError(f"{name} is damaged: nearly all of its frames are missing.")
    rate = fps or Fraction(clock) / Fraction(step)
    if not 1 <= rate <= 240:
        raise ValueError(f"{name} is damaged: its timecodes count {float(rate):g} frames a second.")
    return rate, index
