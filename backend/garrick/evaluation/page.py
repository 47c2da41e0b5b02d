"""Pieces of a page that needs nothing but itself."""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Sequence

import cv2
import numpy as np
from matplotlib.figure import Figure

from garrick.evaluation.metric import Metric

SMALL, LARGE = 160, 280
"""Heights of pictures, pixels."""
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;width:100%}td,th{padding:.25em .6em;border-bottom:1px solid #ddd;text-align:left}"
    "figure{display:inline-block;margin:.3em}figcaption{font-size:12px;color:#555}img{max-width:100%}.note{color:#a50}"
    ".best{background:#dfd;font-weight:600}"
)


def page(title: str, body: str) -> bytes:
    """A whole page. title: as it is; body: HTML."""
    name = html.escape(title)
    head = f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{name}</title><style>{_STYLE}</style>"
    return f"{head}<h1>{name}</h1>{body}</html>\n".encode()


def sentences(told: Sequence[str], otherwise: str = "") -> str:
    """A list of sentences; `otherwise` where there are none."""
    shown = told or ([otherwise] if otherwise else [])
    return f"<ul>{''.join(f'<li>{html.escape(sentence)}</li>' for sentence in shown)}</ul>"


def named(metric: Metric) -> str:
    """The cell of a metric's name, with its source under the pointer."""
    return f"<td title='{html.escape(metric.source, quote=True)}'>{html.escape(metric.name)}"


def number(value: float, metric: Metric) -> str:
    """A value with its unit, or a dash."""
    return html.escape(f"{value:.4g} {metric.unit}".strip()) if math.isfinite(value) else "-"


def image(figure: Figure) -> str:
    """A figure as vectors."""
    file = io.BytesIO()
    figure.savefig(file, format="svg", bbox_inches="tight")
    return f"<img alt='' src='data:image/svg+xml;base64,{base64.b64encode(file.getvalue()).decode()}'>"


def thumb(pictures: Sequence[np.ndarray], caption: str, height: int = SMALL) -> str:
    """One or more (H, W, 3) uint8 pictures side by side, at a height in pixels, with a caption."""
    small = []
    for picture in pictures:
        width = max(1, round(picture.shape[1] * height / picture.shape[0]))
        small.append(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))
    _, packed = cv2.imencode(".jpg", np.hstack(small)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    source = base64.b64encode(packed.tobytes()).decode()
    told = html.escape(caption)
    return f"<figure><img alt='' src='data:image/jpeg;base64,{source}'><figcaption>{told}</figcaption></figure>"
