"""Broken and malicious files: every decoder reads or refuses them, in time and within memory; nothing they carry runs.

$GARRICK_FUZZ_FILES sets how many mutated files.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import random
import selectors
import struct
import subprocess
import sys
import wave
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.outputs.camera import write_camera
from live_service import eventually
from PIL import Image

FILES = int(os.environ.get("GARRICK_FUZZ_FILES", "1500"))
LONGEST = 5.0  # seconds a file may take
MEMORY = 3_000_000_000  # bytes a decoder may reserve
FATTEST = 1_500_000_000  # bytes it may really hold, with all that is imported

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")


class Decoders:
    """The decoders in a process of their own, that may die without the test dying with it."""

    def __init__(self) -> None:
        program = [sys.executable, str(Path(__file__).with_name("decode_child.py")), str(MEMORY)]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._selector = selectors.DefaultSelector()
        assert self._process.stdout is not None
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self._patience = 60.0  # the first answer waits for the imports

    def decode(self, kind: str, path: Path) -> dict:
        """How it went; fails the test for a crash, a hang, a bug or too much memory."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(kind, path, file=self._process.stdin, flush=True)
        assert self._selector.select(self._patience), f"{path} hangs"
        self._patience = 2 * LONGEST
        line = self._process.stdout.readline()
        assert line, f"{path} ends the process with {self._process.wait(10)}"
        said = json.loads(line)
        assert said["outcome"] in ("read", "refused"), said
        assert said["seconds"] < LONGEST, said
        assert said["peak"] < FATTEST, said
        return said

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def decoders() -> Iterator[Decoders]:
    running = Decoders()
    yield running
    running.close()


def pictures() -> dict[str, bytes]:
    """A small photo in every format that is read."""
    rows, columns = np.mgrid[0:128, 0:160]
    pixels = np.stack([rows * 2, columns, (rows * columns) % 256], axis=-1).astype(np.uint8)
    made = {}
    for kind in ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM"):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, kind)
        made[f"image {kind}"] = file.getvalue()
    return made


def sounds(folder: Path) -> dict[str, bytes]:
    """Half a second of sound in many containers, some with moving pictures."""
    samples = (8000 * np.sin(np.arange(8000) * 0.1)).astype(np.int16)
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(16000)
        wav.writeframes(samples.tobytes())
    made = {"sound wav": file.getvalue()}
    for name, codec in {"flac": "flac", "ogg": "libopus", "mp3": "libmp3lame", "mkv": "aac", "mp4": "aac"}.items():
        path = folder / f"voice.{name}"
        with av.open(str(path), "w") as out:
            track = out.add_stream(codec, rate=48000, layout="mono")
            film = out.add_stream("libx264", rate=25) if name in ("mkv", "mp4") else None
            if film is not None:
                film.width, film.height, film.pix_fmt = 64, 64, "yuv420p"
                for _ in range(12):
                    out.mux(film.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
                out.mux(film.encode(None))
            sound = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            sound.rate = 16000
            resampler = av.AudioResampler(format=track.format, layout="mono", rate=48000)
            fifo = av.AudioFifo()
            for converted in resampler.resample(sound):
                fifo.write(converted)
            for frame in fifo.read_many(track.frame_size or 1024, partial=True):
                out.mux(track.encode(frame))
            out.mux(track.encode(None))
        made[f"sound {name}"] = path.read_bytes()
    return made


def archives(folder: Path) -> dict[str, bytes]:
    """A performance and a camera."""
    Performance.rest(5, Fraction(25)).save(folder / "performance.npz")
    lens = np.array([[[500, 0, 256], [0, 500, 256], [0, 0, 1.0]]])
    write_camera(folder / "camera.json", CameraPath(np.eye(4)[None], lens, (512, 512), Fraction(25)))
    return {
        "performance npz": (folder / "performance.npz").read_bytes(),
        "camera json": (folder / "camera.json").read_bytes(),
    }


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The same file after one to ten accidents."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 10)):
        place = chance.randrange(max(1, min(len(data), chance.choice((64, 512, len(data))) or 1)))
        match chance.randrange(6):
            case 0:
                data[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                data[place : place + 4] = struct.pack(chance.choice("<>") + "I", chance.choice((0, 2**31, 2**32 - 1)))
            case 2:
                del data[place : place + chance.randint(1, 64)]
            case 3:
                data[place:place] = chance.randbytes(chance.randint(1, 64))
            case 4:
                data[place:place] = data[place : place + chance.randint(1, 4096)]
            case 5 if chance.random() < 0.3:
                del data[place:]
    return bytes(data)


def test_mutated_files_are_read_or_refused(decoders, tmp_path):
    seeds = {**pictures(), **sounds(tmp_path), **archives(tmp_path)}
    chance, seen, slowest, peak = random.Random(3), Counter(), 0.0, 0
    for name, content in seeds.items():
        path = tmp_path / "whole"
        path.write_bytes(content)
        assert decoders.decode(name.split()[0], path)["outcome"] == "read", name
    for number in range(FILES):
        name, content = list(seeds.items())[number % len(seeds)]
        path = tmp_path / f"mutated-{number}"
        path.write_bytes(mutated(content, chance))
        said = decoders.decode(name.split()[0], path)
        seen[name.split()[0], said["outcome"]] += 1
        slowest, peak = max(slowest, said["seconds"]), max(peak, said["peak"])
        path.unlink()
    print(f"{seen.total()} files, {dict(sorted(seen.items()))}, slowest {slowest:.2f} s, peak {peak / 1e6:.0f} MB")
    assert {outcome for _, outcome in seen} == {"read", "refused"}


def test_pixel_bombs_are_refused(decoders, tmp_path):
    for number, (width, height) in enumerate(
        [(2**31 - 1, 2**31 - 1), (20_000, 20_000), (100, 2**20), (11_000, 11_000)]
    ):
        path = tmp_path / f"bomb-{number}.png"
        path.write_bytes(png(width, height))
        assert decoders.decode("image", path)["outcome"] == "refused"
    gif = tmp_path / "bomb.gif"
    gif.write_bytes(b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6) + b";")
    assert decoders.decode("image", gif)["outcome"] == "refused"
    text = tmp_path / "text.png"
    text.write_bytes(png(200, 200, chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(10**9), 1))))
    assert decoders.decode("image", text)["outcome"] == "refused"


def png(width: int, height: int, more: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + more + chunk(b"IDAT", zlib.compress(bytes(10**6))) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_zip_bombs_are_refused(decoders, tmp_path):
    honest, lying = tmp_path / "honest.npz", tmp_path / "lying.npz"
    with zipfile.ZipFile(honest, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("face.npy", bytes(210 * 10**6))
    assert decoders.decode("performance", honest)["outcome"] == "refused"
    with zipfile.ZipFile(lying, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("face.npy", bytes(10**8))
    data = lying.read_bytes()
    lying.write_bytes(data.replace(struct.pack("<I", 10**8), struct.pack("<I", 100)))  # says 100 bytes, holds 100 MB
    assert decoders.decode("performance", lying)["outcome"] == "refused"


def test_pickles_are_refused_and_never_run(decoders, tmp_path):
    proof = tmp_path / "pickle-was-run"

    class Bomb:
        def __reduce__(self):
            return Path.touch, (proof,)

    bomb, path = np.array([Bomb()], dtype=object), tmp_path / "bomb.npz"
    np.savez(path, header=bomb, face=bomb)
    assert decoders.decode("performance", path)["outcome"] == "refused"
    path.write_bytes(pickle.dumps(Bomb()))
    for kind in ("performance", "camera", "image", "sound"):
        assert decoders.decode(kind, path)["outcome"] == "refused"
    assert not proof.exists()


@pytest.mark.parametrize(
    "text",
    ["[" * 10**6, '{"size": [1e400, 512]}', "9" * 10**5, '{"fps": [1, 0]}', "null", "NaN", '{"a": ' * 10**5, "\ud800"],
    ids=lambda text: text[:8],
)
def test_malicious_cameras_are_refused(decoders, tmp_path, text):
    path = tmp_path / "camera.json"
    path.write_text(text, errors="surrogatepass")
    assert decoders.decode("camera", path)["outcome"] == "refused"


def test_playlists_and_other_programs_files_open_nothing(decoders, tmp_path):
    secret = tmp_path / "secret.wav"
    secret.write_bytes(sounds(tmp_path)["sound wav"])
    for name, text in {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        "concat.txt": f"ffconcat version 1.0\nfile '{secret}'\n",
        "address.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x\n#EXT-X-ENDLIST\n",
        "scene.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
        "page.eps": "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n(x) run\n",
    }.items():
        path = tmp_path / name
        path.write_text(text)
        for kind in ("image", "sound"):
            assert decoders.decode(kind, path)["outcome"] == "refused", name


def test_what_is_malicious_is_refused_through_the_service_too(start, sample_portrait, tmp_path):
    """The worker says why, and lives to do the next job."""
    service = start("--no-scene")
    service.ready()
    proof = tmp_path / "pickle-was-run"

    class Bomb:
        def __reduce__(self):
            return Path.touch, (proof,)

    pickled = io.BytesIO()
    np.savez(pickled, header=np.array([Bomb()], dtype=object))
    face, chance = sample_portrait.read_bytes(), random.Random(5)
    voice = sounds(tmp_path)["sound mp4"]
    jobs = [
        {"portrait": png(20_000, 20_000), "text": "Hi."},
        {"portrait": face[:5000], "text": "Hi."},
        {"portrait": voice, "text": "Hi."},
        {"portrait": face, "performance": pickled.getvalue()},
        {"portrait": face, "camera": b"[" * 100_000, "text": "Hi."},
        {"portrait": face, "audio": pickle.dumps(Bomb())},
        *({"portrait": mutated(pictures()["image JPEG"], chance), "text": "Hi."} for _ in range(5)),
        *({"portrait": face, "audio": mutated(voice, chance)[:2000]} for _ in range(3)),
    ]
    with service.http() as http:
        first = eventually(lambda: idle_worker(http), 120)
        ids = [submit(http, job) for job in jobs]
        for id in ids:
            job = eventually(lambda id=id: (found := http.get(f"/v1/jobs/{id}").json())["finished"] and found, 120)
            assert job["state"] == "failed"
            assert job["attempts"] == 0
            assert "Traceback" not in job["error"]["message"]
        assert eventually(lambda: idle_worker(http)) == first
    assert not proof.exists()


def submit(http: httpx.Client, job: dict[str, Any]) -> str:
    named = {}
    for field, value in job.items():
        if isinstance(value, bytes):
            digest = hashlib.sha256(value).hexdigest()
            http.put(f"/v1/assets/{digest}", content=value).raise_for_status()
            value = f"sha256:{digest}"
        named[field] = value
    answer = http.post("/v1/jobs", json={"job": named, "consent": True})
    answer.raise_for_status()
    return answer.json()["id"]


def idle_worker(http: httpx.Client) -> int | None:
    """The process id of the worker, once it waits for work."""
    worker = http.get("/v1/health").json()["workers"][0]
    return worker["pid"] if worker["state"] == "idle" else None
