"""The PNG sequence: RGBA with straight alpha, marked as synthetic, each file known by its sha256."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

import garrick

from .files import append_line, make_folder, output_error, sha256, write_bytes

PATTERN = "frames/frame_{:06d}.png"
SYNTHETIC = "Synthetic media made with Garrick: the person did not perform this."

# IPTC's vocabulary for pictures that mix a photo with generated parts; C2PA and XMP readers know it.
_SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeSynthetic"
SYNTHETIC_XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    f'Iptc4xmpExt:DigitalSourceType="{_SOURCE_TYPE}"/></rdf:RDF></x:xmpmeta>'
)
_PNG_HEADER = 8 + 25  # bytes: the signature and the IHDR chunk, after which the text belongs
_LEVEL = 1  # zlib: 4x as fast as level 6, 7 % larger


def encode_png(picture: np.ndarray, synthetic: bool) -> bytes:
    """A PNG; equal pictures give equal bytes.

    picture:   (H, W, 4) uint8 RGBA with straight alpha, or (H, W, 3) uint8 RGB; sRGB.
    synthetic: say in the metadata that no camera saw this.
    """
    order = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    _, encoded = cv2.imencode(".png", cv2.cvtColor(picture, order), [cv2.IMWRITE_PNG_COMPRESSION, _LEVEL])
    data = encoded.tobytes()
    return data[:_PNG_HEADER] + _claim() + data[_PNG_HEADER:] if synthetic else data


class FrameStore:
    """The finished frames of one take in a shot folder, and the manifest that says what is in them.

    The manifest is `.garrick/frames.jsonl`: one line for each frame with its take and sha256, appended as the frame gets
    its name, by any number of processes. The last line of a frame counts; one that a crash tore is not read, so its
    frame is made again.

    shot: the shot folder. key: names everything the pixels depend on; frames of another key are not taken for finished.
    """

    def __init__(self, shot: Path, key: str) -> None:
        self._shot = shot
        self._take = key[:16]
        self._manifest = shot / ".garrick" / "frames.jsonl"
        self._hashes = {
            line["frame"]: line["sha256"] for line in self._last_lines().values() if line["take"] == self._take
        }

    def path(self, index: int) -> Path:
        """Where the frame lies."""
        return self._shot / PATTERN.format(index)

    def finished(self, frames: Iterable[int]) -> set[int]:
        """Those of `frames` whose file is there and holds what was written."""
        return {index for index in frames if index in self._hashes and self._verifies(index)}

    def around(self, frames: range, count: int) -> range:
        """The range, longer on both sides by the finished frames that touch it; the clip has `count` frames.

        Their files are there; their content is not read.
        """
        first, last = frames.start, frames.stop - 1
        while first > 0 and self._recorded(first - 1):
            first -= 1
        while last < count - 1 and self._recorded(last + 1):
            last += 1
        return range(first, last + 1)

    def write(self, index: int, rgba: np.ndarray) -> None:
        """Encode, write and record one frame; any thread may call it. Raises OutputError.

        rgba: (H, W, 4) uint8, straight alpha.
        """
        data = encode_png(rgba, synthetic=True)
        path = self.path(index)
        make_folder(path.parent)
        make_folder(self._manifest.parent)
        write_bytes(path, data)
        digest = hashlib.sha256(data).hexdigest()
        append_line(self._manifest, json.dumps({"take": self._take, "frame": index, "sha256": digest}))
        self._hashes[index] = digest

    def _recorded(self, index: int) -> bool:
        return index in self._hashes and self.path(index).is_file()

    def _verifies(self, index: int) -> bool:
        try:
            return sha256(self.path(index)) == self._hashes[index]
        except OSError:
            return False

    def _last_lines(self) -> dict[int, dict]:
        """Frame -> what was last written of it."""
        try:
            text = self._manifest.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise output_error(error, self._manifest) from error
        return {line["frame"]: line for line in map(_parse_line, text.splitlines()) if line is not None}


def _parse_line(line: str) -> dict | None:
    """One line of the manifest; None for one that a crash tore."""
    try:
        value = json.loads(line)
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and {"take", "frame", "sha256"} <= value.keys() else None


def _claim() -> bytes:
    """PNG chunks that say who made the picture and that it is synthetic (PNG specification, section 11.3.3)."""
    texts = {"Software": f"Garrick {garrick.__version__}", "Description": SYNTHETIC}
    chunks = [_chunk(b"tEXt", key.encode("latin-1") + b"\0" + text.encode("latin-1")) for key, text in texts.items()]
    uncompressed = b"\0\0"
    no_language = b"\0\0"
    chunks.append(_chunk(b"iTXt", b"XML:com.adobe.xmp\0" + uncompressed + no_language + SYNTHETIC_XMP.encode()))
    return b"".join(chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
