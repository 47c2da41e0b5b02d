"""The GPU's row of the frames' benchmark, on what is at hand."""

from __future__ import annotations

from garrick.benchmarks import frames_gpu


def test_without_a_gpu_a_sentence_says_so(monkeypatch, sample_portrait):
    monkeypatch.setattr(frames_gpu, "usable_gpu", lambda: None)
    figures, sentences = frames_gpu.measure(sample_portrait)
    assert figures == []
    assert "GPU" in sentences[0]


def test_a_device_is_timed_and_compared(portrait):
    figures = {figure.name: figure for figure in frames_gpu.figures(portrait, "cpu", 2)}
    assert figures["256x256, rendered"].value > 0
    assert figures["256x256 with passes, pixels unlike the processor's"].held
