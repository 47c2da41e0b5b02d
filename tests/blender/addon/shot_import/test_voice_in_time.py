"""The voice is heard when the performance says so, at any scene rate and start: measured in Blender's own mixdown."""

from __future__ import annotations

import wave
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon import version_adapter
from blender_addon.core.performance import AudioReference, Performance

RATES = {
    "23.976": Fraction(24000, 1001), "24": Fraction(24), "25": Fraction(25), "29.97": Fraction(30000, 1001),
    "30": Fraction(30), "50": Fraction(50), "60": Fraction(60),
}  # fmt: skip
OFFSET = 0.13  # seconds from the performance's frame 0 to the beginning of its sound

pytestmark = [
    pytest.mark.skipif(not version_adapter.has_sound(), reason="this Blender was built without sound"),
    pytest.mark.usefixtures("addon"),
]


def write_bursts(path: Path, times: tuple[float, ...], seconds: float, rate: int = 8000) -> None:
    """A silence of so many seconds with a burst of 20 ms at each time."""
    samples = np.zeros(round(seconds * rate), "<i2")
    for time in times:
        begin = round(time * rate)
        samples[begin : begin + rate // 50] = 20000
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(samples.tobytes())


def onsets(path: Path) -> np.ndarray:
    """Seconds at which a sound begins after at least a tenth of a second of silence."""
    with wave.open(str(path)) as sound:
        rate, channels = sound.getframerate(), sound.getnchannels()
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, channels)
    loud = np.flatnonzero(np.abs(samples.astype(int)).max(axis=1) > 5000)
    return loud[np.diff(loud, prepend=-rate) > rate / 10] / rate


def mixed_down(tmp_path: Path, manifest: Path, rate: Fraction, start: int, last: int) -> np.ndarray:
    """Import a shot at a frame of a scene of that rate, render the scene's sound: the scene frames of its onsets."""
    performance = Performance.load(manifest.with_name("performance.npz"))
    moved = replace(performance, audio=AudioReference("audio.wav", OFFSET))
    moved.save(manifest.with_name("performance.npz"))
    scene = bpy.context.scene
    scene.render.fps = -(-rate.numerator // rate.denominator)
    scene.render.fps_base = float(scene.render.fps / rate)
    scene.timeline_markers.new("mine", frame=1)  # so that the scene keeps its rate
    assert bpy.ops.garrick.import_shot(filepath=str(manifest), place="FRAME", frame=start) == {"FINISHED"}
    scene.frame_start, scene.frame_end = start - 5, last
    scene.render.ffmpeg.audio_mixrate = 8000  # fine enough to tell a hundredth of a frame, and quick
    sound = tmp_path / "mixed.wav"
    bpy.ops.sound.mixdown(filepath=str(sound), container="WAV", codec="PCM", format="S16")
    return scene.frame_start + onsets(sound) * float(rate)


@pytest.mark.parametrize("start", [1, 37, 1001])
@pytest.mark.parametrize("rate", RATES)
def test_the_voice_begins_with_its_curves(tiny_shot, tmp_path, rate, start):
    manifest, times = tiny_shot(frames=50), (0.31, 1.237)
    write_bursts(manifest.with_name("audio.wav"), times, 1.6)
    heard = mixed_down(tmp_path, manifest, RATES[rate], start, start + 130)
    wanted = start + (OFFSET + np.array(times)) * float(RATES[rate])
    assert heard == pytest.approx(wanted, abs=0.05)


def test_two_minutes_of_voice_drift_so_little_that_ten_stay_within_a_quarter_frame(tiny_shot, tmp_path):
    manifest, times = tiny_shot(frames=50), (1.0, 119.0)
    write_bursts(manifest.with_name("audio.wav"), times, 120.0)
    heard = mixed_down(tmp_path, manifest, RATES["23.976"], 1, 2900)
    wanted = 1 + (OFFSET + np.array(times)) * float(RATES["23.976"])
    assert heard == pytest.approx(wanted, abs=0.05)
