"""Everything a user can hand in wrongly: one clear line, the right exit code, no traceback."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import wave
import zlib
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import skimage.data
from garrick.cli import app
from PIL import Image
from typer.testing import CliRunner

COMMAND = (sys.executable, "-c", "from garrick.cli import main; main()", "perform")


@pytest.fixture(scope="module")
def bad(tmp_path_factory, root) -> Path:
    """A folder of bad files, and the sample under the names ok.png and ok.wav."""
    folder = tmp_path_factory.mktemp("bad")
    (folder / "ok.png").symlink_to(root / "assets" / "sample" / "portrait.png")
    (folder / "ok.wav").symlink_to(root / "assets" / "sample" / "voice.wav")
    (folder / "text.png").write_text("I am a text.")
    whole = (root / "assets" / "sample" / "portrait.png").read_bytes()
    (folder / "truncated.png").write_bytes(whole[: len(whole) // 3])
    Image.new("RGB", (1, 1)).save(folder / "one.png")
    (folder / "huge.png").write_bytes(_huge_png(20_000))
    Image.fromarray(skimage.data.brick()).save(folder / "noface.png")
    face = skimage.data.astronaut()[:300, 60:380]
    Image.fromarray(np.concatenate([face, face[:, ::-1]], axis=1)).save(folder / "two.png")
    Image.fromarray(skimage.data.astronaut()[::2, ::2]).save(folder / "small.png")
    (folder / "nothing.wav").write_bytes(b"")
    _wav(folder / "empty.wav", b"")
    _wav(folder / "silent.wav", bytes(2 * 16000))
    _endless_wav(folder / "three_hours.wav", 3 * 3600)
    _mute_film(folder / "mute.mp4")
    return folder


def _huge_png(side: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in (header, b"IDAT")
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _wav(path: Path, samples: bytes) -> None:
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(16000)
        wav.writeframes(samples)


def _endless_wav(path: Path, seconds: int) -> None:
    """A sparse file with a true header: three hours take no room."""
    rate = 8000
    size = seconds * rate
    with path.open("wb") as file:
        file.write(
            b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, rate, 1, 8)
        )
        file.write(b"data" + struct.pack("<I", size))
        file.truncate(44 + size)


def _mute_film(path: Path) -> None:
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
        film.mux(stream.encode(None))


@pytest.fixture
def ask(bad, tmp_path, monkeypatch) -> Callable[..., tuple[int, str]]:
    """ask(arguments): exit code and all that `garrick perform` said, in this process, where every library is loaded."""
    monkeypatch.chdir(bad)

    def in_this_process(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["perform", *arguments, "--out", str(tmp_path / "o"), "--no-scene"])
        assert isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return in_this_process


def run(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Exit code and all that was said by a process of its own."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
    )
    return done.returncode, done.stdout + done.stderr


def refused(code: int, said: str, wanted: int, *words: str) -> None:
    assert code == wanted, said
    assert "Traceback" not in said
    errors = [line for line in said.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, said
    for word in words:
        assert word in errors[0]


@pytest.mark.parametrize(
    ("portrait", "word"),
    [
        ("missing.png", "no file"),
        ("text.png", "not an image"),
        ("truncated.png", "damaged"),
        ("one.png", "1 x 1"),
        ("huge.png", "pixels"),
        ("noface.png", "No face"),
        ("two.png", "--face-index"),
        ("small.png", "pixels high"),
    ],
)
def test_bad_portraits(ask, portrait, word):
    refused(*ask("--portrait", portrait, "--audio", "ok.wav"), 2, word)


def test_a_process_of_its_own_says_the_same(bad, tmp_path):
    arguments = ("--portrait", "text.png", "--audio", "ok.wav", "--out", str(tmp_path / "o"), "--no-scene")
    refused(*run(bad, *arguments), 2, "not an image")


@pytest.mark.parametrize(
    ("audio", "word"),
    [
        ("missing.wav", "missing.wav"),
        ("nothing.wav", "empty"),
        ("empty.wav", "empty.wav"),
        ("silent.wav", "silent"),
        ("three_hours.wav", "30 minutes"),
        ("mute.mp4", "no sound track"),
        ("text.png", "text.png"),
    ],
)
def test_bad_voices(ask, audio, word):
    refused(*ask("--portrait", "ok.png", "--audio", audio), 2, word)


@pytest.mark.parametrize(("text", "word"), [("", "empty"), ("  \n", "empty"), ("a" * 20_000, "20,000")])
def test_bad_texts(ask, text, word):
    refused(*ask("--portrait", "ok.png", "--text", text), 2, word)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--text", "hi", "--transcribe"), "transcribed"),
        ((), "or both"),
        (("--text", "hi", "--size", "13"), "even"),
        (("--text", "hi", "--size", "axb"), "--size"),
        (("--text", "hi", "--fps", "quick"), "frame rate"),
        (("--text", "hi", "--frames", "9-3"), "frame range"),
        (("--text", "hi", "--expression", "7"), "expression"),
    ],
)
def test_bad_options(ask, options, word):
    refused(*ask("--portrait", "ok.png", *options), 2, word)


def test_missing_weights_name_the_command(bad, tmp_path):
    said = run(
        bad, "--portrait", "ok.png", "--text", "hi", "--out", str(tmp_path / "o"), GARRICK_CACHE=str(tmp_path / "none")
    )
    refused(*said, 1, "garrick weights pull")


def test_an_output_that_cannot_be_written(bad, tmp_path):
    (tmp_path / "file").write_text("in the way")
    refused(*run(bad, "--portrait", "ok.png", "--text", "hi", "--out", str(tmp_path / "file" / "o")), 1, "--out")


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounting a tiny disk needs root on Linux")
def test_a_full_disk_keeps_what_is_finished(bad, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(disk)], capture_output=True)
    if mount.returncode != 0:
        pytest.skip("this machine does not allow mounting a tiny disk")
    try:
        said = run(
            bad,
            "--portrait",
            "ok.png",
            "--text",
            "Hello there, my friend.",
            "--size",
            "256",
            "--out",
            str(disk / "o"),
            "--no-scene",
        )
        refused(*said, 1, "oom")
        frames = sorted((disk / "o" / "frames").glob("*.png"))
        assert frames
        for frame in frames:
            with Image.open(frame) as picture:
                picture.load()
        assert not [path for path in disk.rglob("*") if path.name.endswith(".part")]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
