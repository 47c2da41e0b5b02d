"""A synthesised line, made once for every test that listens to it, and a writer of sound files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from garrick.context import RunContext
from garrick.speech.speech import Speech
from garrick.speech.voices import speak

LINE = "Bob made my puppy poppies. Every big problem becomes a beautiful memory!"


@pytest.fixture(scope="session")
def ctx(tmp_path_factory: pytest.TempPathFactory) -> RunContext:
    return RunContext(cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def line(ctx: RunContext) -> Speech:
    return speak(LINE, ctx)


@pytest.fixture(scope="session")
def write_sound() -> Callable[..., Path]:
    return _write_sound


def _write_sound(
    path: Path, samples: np.ndarray, rate: int, codec: str, start: float = 0.0, picture: bool = False
) -> Path:
    """Encode (N, C) float samples; `start` delays the sound track, `picture` adds a video track from time 0."""
    with av.open(str(path), "w") as container:
        layout = "mono" if samples.shape[1] == 1 else "stereo"
        sound = container.add_stream(codec, rate=rate, layout=layout)
        if picture:
            film = container.add_stream("mpeg4", rate=25)
            film.width = film.height = 64
            film.pix_fmt = "yuv420p"
            for index in range(25):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), index * 9, np.uint8), format="rgb24")
                frame.pts = index
                container.mux(film.encode(frame))
            container.mux(film.encode(None))
        block = sound.codec_context.frame_size or 1024
        for at in range(0, len(samples), block):
            data = np.ascontiguousarray(samples[at : at + block].T, np.float32)
            frame = av.AudioFrame.from_ndarray(data, format="fltp", layout=layout)
            frame.rate, frame.pts = rate, at + round(start * rate)
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path
