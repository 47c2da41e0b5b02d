"""The nets that a job is said to run."""

from __future__ import annotations

import hashlib
from pathlib import Path

import garrick
from garrick.job import Job
from garrick.models import models_of
from garrick.weights.entries import REGISTRY

PACKAGE = Path(garrick.__file__).parent
FACE = "motion/diffusion/nets/face.onnx"


def test_a_silent_job_runs_what_looks_at_the_portrait():
    found = models_of(Job(portrait=Path("p.png"), performance=Path("p.npz")))
    assert found
    assert all(found[name] == REGISTRY[name].sha256 for name in found)


def test_a_spoken_job_runs_its_voice_the_ear_and_the_learned_mouth():
    found = models_of(Job(portrait=Path("p.png"), text="Hello."))
    assert {"hibari", "silero_vad", "speech/nets/phones.onnx", FACE} <= set(found)
    assert found[FACE] == hashlib.sha256((PACKAGE / FACE).read_bytes()).hexdigest()


def test_what_is_switched_off_is_not_named():
    ruled = models_of(Job(portrait=Path("p.png"), audio=Path("a.wav"), learned=0))
    assert not {FACE, "hibari", "rendering/refine/nets/face.onnx"} & set(ruled)
    more = models_of(Job(portrait=Path("p.png"), audio=Path("a.wav"), refine=True, learned_body=True, transcribe=True))
    assert {"rendering/refine/nets/face.onnx", "motion/diffusion/nets/body.onnx", "whisper_1"} <= set(more)
