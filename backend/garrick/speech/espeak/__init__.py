"""espeak-ng, asked through a pipe: its rules read about 130 languages, and its own voice is always there.

The library (GPL-3.0-or-later, in the package espeakng-loader) runs in `garrick.speech.espeak.process` only.
"""

from __future__ import annotations

import atexit
import importlib.util
import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from garrick.errors import GarrickError, MissingError

PACKAGE = "espeakng-loader==0.2.4"


@dataclass(frozen=True)
class Heard:
    """A word as espeak-ng would say it. position, length: characters of the text; ipa: its phonemes, with stress."""

    position: int
    length: int
    ipa: tuple[str, ...]


def check() -> None:
    """Raises MissingError when the library is not installed."""
    if importlib.util.find_spec("espeakng_loader") is None:
        raise MissingError("espeak-ng is not installed.", f"Run: python -m pip install {PACKAGE}")


def read(text: str, language: str) -> list[list[Heard]]:
    """The clauses of a text, each a list of words. language: one of `languages`."""
    answer, _ = _process().ask({"do": "read", "language": language, "text": text})
    clauses: list[list[Heard]] = [[]]
    for word in answer["words"]:
        if word is None:
            clauses.append([])
        else:
            clauses[-1].append(Heard(word[0], word[1], tuple(word[2])))
    return [clause for clause in clauses if clause]


def say(text: str, language: str, words_per_minute: int, pitch: int = 50, gap: int = 0) -> tuple[np.ndarray, int]:
    """(N,) float32 and its rate in Hz, the same for the same request.

    language: one of `languages`, with "+f3" for a variant of the voice.
    pitch: 0..99, 50 is the voice's own. gap: silence after each word, in 10 ms at the usual pace.
    """
    request = {"do": "say", "language": language, "text": text} | {
        "words_per_minute": words_per_minute,
        "pitch": pitch,
        "gap": gap,
    }
    process = _Process()  # a new one: its sound depends a little on what it said before
    try:
        answer, pcm = process.ask(request)
    finally:
        process.close()
    return np.frombuffer(pcm, "<i2").astype(np.float32) / 32768, answer["rate"]


@lru_cache(maxsize=1)
def languages() -> dict[str, str]:
    """Code -> English name of every language that espeak-ng reads."""
    answer, _ = _process().ask({"do": "languages"})
    return dict(sorted(answer["languages"].items()))


class _Process:
    """A running espeak-ng."""

    def __init__(self) -> None:
        check()
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "garrick.speech.espeak.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer and the bytes behind it. Raises GarrickError."""
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        with self._lock:
            try:
                pipe_in.write(json.dumps(request).encode() + b"\n")
                pipe_in.flush()
            except OSError:
                pass  # it has ended: its empty answer says so
            line = pipe_out.readline()
            if not line:
                raise GarrickError("espeak-ng has stopped.", "Try again, or choose another voice.")
            answer = json.loads(line)
            pcm = pipe_out.read(2 * answer["samples"]) if "samples" in answer else b""
        if "error" in answer:
            raise GarrickError(f"espeak-ng failed: {answer['error']}.")
        return answer, pcm

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


_LOCK = threading.Lock()
_reader: list[_Process] = []


def _process() -> _Process:
    """The running one, or a new one in place of one that has ended."""
    with _LOCK:
        if not _reader or not _reader[0].alive:
            _reader[:] = [_Process()]
            atexit.register(_reader[0].close)
        return _reader[0]
