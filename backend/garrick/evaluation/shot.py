"""A shot folder as it is judged: its curves, what is said in it, and its frames."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from garrick.core.performance import Performance
from garrick.errors import InputError
from garrick.speech.speech import Phone

_AGAIN = "Render the shot again."
_GREY = 128  # behind the person, where a frame is transparent


@dataclass(frozen=True)
class Shot:
    """What `garrick perform` left in a folder.

    phones:  none where nobody speaks.
    frames:  numbers of those on disk; frame i shows the instant i / fps of the performance.
    pattern: of their files, within the folder.
    sound:   the voice, or None.
    portrait, background: pictures in the shot's framing: the photo, and what lies behind the person.
    """

    folder: Path
    performance: Performance
    phones: tuple[Phone, ...]
    frames: range
    pattern: str
    sound: Path | None
    portrait: Path
    background: Path

    @property
    def name(self) -> str:
        """The folder's."""
        return self.folder.resolve().name

    def picture(self, frame: int, behind: np.ndarray | None = None) -> np.ndarray:
        """(H, W, 3) uint8, the person before (H, W, 3) uint8, or before grey.

        Raises InputError for a file that is gone or broken, or of another size.
        """
        pixels = read_picture(self.folder / self.pattern.format(frame), "RGBA")
        if behind is not None and behind.shape[:2] != pixels.shape[:2]:
            raise InputError(f"The frame {frame} is not of the background's size.", _AGAIN)
        alpha = pixels[..., 3:].astype(np.uint16)
        far = _GREY if behind is None else behind
        return ((pixels[..., :3] * alpha + far * (255 - alpha) + 127) // 255).astype(np.uint8)

    def behind(self) -> np.ndarray:
        """(H, W, 3) uint8, the background. Raises InputError for a file that is gone or broken."""
        return read_picture(self.background)


def read_picture(path: Path, mode: str = "RGB") -> np.ndarray:
    """(H, W, 3 or 4) uint8. mode: Pillow's, RGB or RGBA. Raises InputError for a file that is gone or broken."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert(mode))
    except (OSError, ValueError, SyntaxError) as error:  # SyntaxError: Pillow's, for a broken PNG
        raise InputError(f"The picture {path.name} cannot be read.", _AGAIN) from error


def read_shot(folder: Path) -> Shot:
    """Read a shot folder. Raises InputError for one that is not finished, or is none."""
    try:
        about = json.loads((folder / "shot.json").read_text(encoding="utf-8"))
        speech = json.loads((folder / about["speech"]).read_text(encoding="utf-8"))
        phones = tuple(Phone(*phone) for phone in speech["phones"])
        frames = range(about["frames"]["first"], about["frames"]["last"] + 1)
        sound = None if about["audio"] is None else folder / about["audio"]
        portrait, background = folder / about["texture"], folder / about["background"]
        performance = Performance.load(folder / about["performance"])
    except FileNotFoundError as error:
        fix = "Name the folder that garrick perform wrote, when it has finished."
        raise InputError(f"{folder} is no finished shot: {Path(error.filename).name} is missing.", fix) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"The shot in {folder} cannot be read: {error}.") from error
    if not 0 <= frames.start < frames.stop <= len(performance.face):
        raise InputError(f"The shot in {folder} has frames that its performance does not have.", _AGAIN)
    pattern = about["frames"]["pattern"]
    return Shot(folder, performance, phones, frames, pattern, sound, portrait, background)
