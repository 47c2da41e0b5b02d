"""An evaluation as JSON for programs and as one HTML page, which needs nothing but itself, for people."""

from __future__ import annotations

import base64
import html
import io
import math
from pathlib import Path
from typing import Any

import cv2
import matplotlib.figure
import numpy as np

from garrick.context import RunContext
from garrick.evaluation.judge import Evaluation
from garrick.evaluation.shot import Shot
from garrick.outputs.files import write_bytes, write_json
from garrick.speech.alphabet import BILABIALS, SILENCE
from garrick.speech.audio import load_sound

_THUMB = 160  # pixels, height of a picture of the contact sheet
_LEGIBLE = 60  # phones that can be told apart over the waveform
_SHOWN, _WORST = 10, 20  # pictures of the whole shot; of its worst frames
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.25em .6em;border-bottom:1px solid #ddd;text-align:left}"
    "figure{display:inline-block;margin:.3em}figcaption{font-size:12px;color:#555}img{max-width:100%}.note{color:#a50}"
)


def facts(shot: Shot, found: Evaluation) -> dict[str, Any]:
    """What evaluation.json holds: finite numbers and None."""
    return {
        "shot": shot.folder.name,
        "frames": {"first": shot.frames.start, "last": shot.frames.stop - 1},
        "verdicts": list(found.verdicts),
        "scores": [
            {
                "subject": subject,
                "metric": score.metric.name,
                "value": _number(score.value),
                "unit": score.metric.unit,
                "better": score.metric.better,
                "source": score.metric.source,
                "samples": score.samples,
                "warning": score.warning,
            }
            for subject, score in found.scores
        ],
        "worst": [{"frame": frame, "why": why} for frame, why in found.worst],
    }


def write_report(shot: Shot, found: Evaluation, folder: Path) -> list[Path]:
    """Write evaluation.json and evaluation.html into a folder. Raises OutputError."""
    files = [folder / "evaluation.json", folder / "evaluation.html"]
    write_json(files[0], facts(shot, found))
    write_bytes(files[1], _page(shot, found).encode())
    return files


def _page(shot: Shot, found: Evaluation) -> str:
    name = html.escape(shot.folder.name)
    verdicts = "".join(f"<li>{html.escape(verdict)}</li>" for verdict in found.verdicts)
    spread = np.unique(np.linspace(shot.frames.start, shot.frames.stop - 1, _SHOWN).round().astype(int)).tolist()
    worst = found.worst[:_WORST]
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{name}</title><style>{_STYLE}</style>"
        f"<h1>{name}</h1><ul>{verdicts or '<li>Nothing to complain of.</li>'}</ul>"
        f"<h2>Lips and voice</h2>{_image(_lips_plot(shot, found))}"
        f"<h2>Head and face</h2>{_image(_motion_plot(shot))}"
        f"<h2>Scores</h2>{_table(found)}"
        f"<h2>Frames</h2>{''.join(_thumb(shot, frame, '') for frame in spread)}"
        + (f"<h2>Worst frames</h2>{''.join(_thumb(shot, frame, why) for frame, why in worst)}" if worst else "")
        + "</html>\n"
    )


def _table(found: Evaluation) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(subject)}<td title='{html.escape(score.metric.source, quote=True)}'>"
        f"{html.escape(score.metric.name)}<td>{_told(score.value)} {html.escape(score.metric.unit)}"
        f"<td>{html.escape(score.metric.better)}<td>{score.samples}<td class='note'>{html.escape(score.warning)}"
        for subject, score in found.scores
    )
    return f"<table><tr><th>of<th>metric<th>value<th>better<th>samples<th>{rows}</table>"


def _lips_plot(shot: Shot, found: Evaluation) -> matplotlib.figure.Figure:
    """Waveform with its phones, and how far the lips are apart."""
    figure = matplotlib.figure.Figure(figsize=(10, 3.6))
    above, below = figure.subplots(2, 1, sharex=True)
    if shot.sound is not None:
        waveform = load_sound(shot.sound, RunContext()).waveform
        step = max(1, len(waveform) // 4000)
        heights = np.abs(waveform[: len(waveform) // step * step]).reshape(-1, step).max(axis=1)
        above.fill_between(np.arange(len(heights)) * step / 16000, heights, -heights, color="#889")
    for phone in shot.phones:
        if phone.symbol == SILENCE:
            continue
        shut = phone.symbol in BILABIALS
        if len(shot.phones) < _LEGIBLE:
            above.text(
                (phone.start + phone.end) / 2, 0, phone.symbol, size=6, ha="center", color="#c30" if shut else "k"
            )
        if shut:
            below.axvspan(phone.start, phone.end, color="#c30", alpha=0.25, lw=0)
    above.set_axis_off()
    for aperture, label in ((found.curves, "curves"), (found.seen, "pictures")):
        top = float(np.nanmax(aperture)) if np.isfinite(aperture).any() else 0.0
        below.plot(found.times, aperture / top if top > 0 else aperture, lw=1, label=label)
    below.set_xlabel("seconds; red: p, b, m")
    below.set_ylabel("lips apart")
    below.legend(loc="upper right", fontsize=8)
    return figure


def _motion_plot(shot: Shot) -> matplotlib.figure.Figure:
    figure = matplotlib.figure.Figure(figsize=(10, 3))
    above, below = figure.subplots(2, 1, sharex=True)
    times = np.arange(len(shot.performance.face)) / float(shot.performance.fps)
    for axis, label in enumerate(("pitch", "yaw", "roll")):
        above.plot(times, np.degrees(shot.performance.head_rotation[:, axis]), lw=1, label=label)
    above.set_ylabel("head, degrees")
    above.legend(loc="upper right", fontsize=8)
    below.imshow(
        shot.performance.face.T, aspect="auto", cmap="magma", vmin=0, vmax=1, extent=(0, float(times[-1]), 52, 0)
    )
    below.set_ylabel("52 weights")
    below.set_xlabel("seconds")
    return figure


def _image(figure: matplotlib.figure.Figure) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="svg", bbox_inches="tight")
    return f"<img alt='' src='data:image/svg+xml;base64,{base64.b64encode(file.getvalue()).decode()}'>"


def _thumb(shot: Shot, frame: int, why: str) -> str:
    picture = shot.picture(frame)
    width = max(1, round(picture.shape[1] * _THUMB / picture.shape[0]))
    small = cv2.resize(picture, (width, _THUMB), interpolation=cv2.INTER_AREA)
    _, packed = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    told = html.escape(f"{frame}{': ' if why else ''}{why}")
    source = base64.b64encode(packed.tobytes()).decode()
    return f"<figure><img alt='' src='data:image/jpeg;base64,{source}'><figcaption>{told}</figcaption></figure>"


def _number(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


def _told(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-"
