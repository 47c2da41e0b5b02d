"""Figures of a report: lips, head and face over time, of one shot or of several takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from garrick.context import RunContext
from garrick.core.timing import frame_times
from garrick.evaluation.images import PSNR, SSIM
from garrick.evaluation.judge import Evaluation
from garrick.evaluation.shot import Shot
from garrick.evaluation.truth import BOX, Truth
from garrick.speech.alphabet import BILABIALS, SILENCE
from garrick.speech.audio import load_sound

_LEGIBLE = 60  # phones that can be told apart over the waveform
_SHUT = "#c30"
_WIDE = 10.0  # inches


def lips_plot(shot: Shot, found: Evaluation) -> Figure:
    """Waveform with its phones, and how far the lips are apart."""
    figure = Figure(figsize=(_WIDE, 3.6))
    above, below = figure.subplots(2, 1, sharex=True)
    if shot.sound is not None:
        waveform = load_sound(shot.sound, RunContext()).waveform
        step = max(1, len(waveform) // 4000)
        heights = np.abs(waveform[: len(waveform) // step * step]).reshape(-1, step).max(axis=1)
        above.fill_between(np.arange(len(heights)) * step / 16000, heights, -heights, color="#889")
    if len(shot.phones) < _LEGIBLE:
        for phone in shot.phones:
            if phone.symbol != SILENCE:
                colour = _SHUT if phone.symbol in BILABIALS else "k"
                above.text((phone.start + phone.end) / 2, 0, phone.symbol, size=6, ha="center", color=colour)
    above.set_axis_off()
    _mark_bilabials(shot, below)
    below.plot(found.times, found.curves / _top(found.curves), lw=1, label="curves")
    apertures = {} if found.seen is None else {"pictures": found.seen}
    if found.truth is not None:
        apertures[found.truth.video.name] = found.truth.aperture
    top = max((_top(aperture) for aperture in apertures.values()), default=1.0)
    for label, aperture in apertures.items():
        below.plot(found.times[: len(aperture)], aperture / top, lw=1, label=label)
    below.set_xlabel("seconds; red: p, b, m")
    below.set_ylabel("lips apart")
    _name_lines(below)
    return figure


def motion_plot(shot: Shot) -> Figure:
    """The head's turns, and the face's weights as a picture."""
    figure = Figure(figsize=(_WIDE, 3))
    above, below = figure.subplots(2, 1, sharex=True)
    whole = shot.performance
    for axis, label in enumerate(("pitch", "yaw", "roll")):
        above.plot(_times(shot), np.degrees(whole.head_rotation[:, axis]), lw=1, label=label)
    above.set_ylabel("head, degrees")
    _name_lines(above)
    below.imshow(whole.face.T, aspect="auto", cmap="magma", vmin=0, vmax=1, extent=(0, whole.duration, 52, 0))
    below.set_ylabel("52 weights")
    below.set_xlabel("seconds")
    return figure


def truth_plot(shot: Shot, truth: Truth) -> Figure:
    """How near the face comes to the video's, frame by frame."""
    figure = Figure(figsize=(_WIDE, 3))
    times = _times(shot)[truth.frames.start : truth.frames.stop]
    for axes, metric in zip(figure.subplots(2, 1, sharex=True), (PSNR, SSIM), strict=True):
        found = next(score for subject, score in truth.scores if subject == BOX and score.metric is metric)
        axes.plot(times, found.each, lw=1, color="#357")
        axes.set_ylabel(f"face {metric.name} {metric.unit}".strip())
        axes.set_xlabel("seconds")
        axes.label_outer()
    return figure


def lips_overlay(names: Sequence[str], shots: Sequence[Shot], found: Sequence[Evaluation]) -> Figure:
    """Lip apertures of several takes in one unit, and a video's where they were compared with one.

    Bilabials are marked where all takes have the same.
    """
    figure = Figure(figsize=(_WIDE, 2.6))
    axes = figure.subplots()
    if len({shot.phones for shot in shots}) == 1:
        _mark_bilabials(shots[0], axes)
    for name, evaluation, width in zip(names, found, _widths(names), strict=True):
        if evaluation.seen is not None:
            axes.plot(evaluation.times, evaluation.seen, lw=width, label=name)
    truth = found[0].truth
    if truth is not None:
        axes.plot(found[0].times[: len(truth.aperture)], truth.aperture, "k--", lw=1, label=truth.video.name)
    axes.set_ylabel("lips apart,\neyes' distances")
    axes.set_xlabel("seconds; red: p, b, m")
    _name_lines(axes)
    return figure


def head_overlay(names: Sequence[str], shots: Sequence[Shot]) -> Figure:
    """The head's turns of several takes."""
    figure = Figure(figsize=(_WIDE, 4.5))
    rows = figure.subplots(3, 1, sharex=True)
    for axis, (axes, label) in enumerate(zip(rows, ("pitch", "yaw", "roll"), strict=True)):
        for name, shot, width in zip(names, shots, _widths(names), strict=True):
            axes.plot(_times(shot), np.degrees(shot.performance.head_rotation[:, axis]), lw=width, label=name)
        axes.set_ylabel(f"{label}, degrees")
    _name_lines(rows[0])
    rows[-1].set_xlabel("seconds")
    return figure


def _times(shot: Shot) -> np.ndarray:
    return frame_times(len(shot.performance), shot.performance.fps)


def _widths(names: Sequence[str]) -> np.ndarray:
    """Of the takes' lines: those below are wider, so that equal curves all show."""
    return np.linspace(3, 1, len(names))


def _mark_bilabials(shot: Shot, axes: Axes) -> None:
    for phone in shot.phones:
        if phone.symbol in BILABIALS:
            axes.axvspan(phone.start, phone.end, color=_SHUT, alpha=0.25, lw=0)


def _name_lines(axes: Axes) -> None:
    if axes.lines:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8, frameon=False)


def _top(aperture: np.ndarray) -> float:
    """The widest that lips are apart; 1 where they never are, or were not seen."""
    return float(np.nanmax(aperture)) if np.nansum(aperture) > 0 else 1.0
