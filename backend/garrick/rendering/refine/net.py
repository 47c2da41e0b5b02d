"""Runs the face-region net: what to add to the colours of a view."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from garrick.rendering.refine.view import View

if TYPE_CHECKING:
    import onnxruntime

NETS = Path(__file__).parent / "nets"
FACE = NETS / "face.onnx"


def change(view: View, net: Path = FACE) -> np.ndarray:
    """(SIDE, SIDE, 3) float32 to add to the view's colours, in 0..1 of their range; zero where its weight is."""
    colour = view.colour.astype(np.float32).transpose(2, 0, 1)[None] / 255
    found = session(net).run(None, {"colour": colour, "cues": view.cues[None]})[0]
    return np.asarray(found)[0].transpose(1, 2, 0) * view.weight[..., None]


@lru_cache(maxsize=2)
def session(path: Path) -> onnxruntime.InferenceSession:
    """The net, opened once."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # frames have a thread each
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
