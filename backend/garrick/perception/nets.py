"""Runs the MediaPipe nets through LiteRT; loaded once a process, two threads, deterministic."""

from __future__ import annotations

from functools import cache

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from garrick.weights import registry


def run_net(name: str, picture: np.ndarray) -> list[np.ndarray]:
    """All outputs of a net for one picture.

    name: a registry name of a .tflite file.    picture: (h, w, c) float32 in the range the net wants.
    """
    interpreter = _load(name)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[None].astype(np.float32))
    interpreter.invoke()
    return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]


@cache
def _load(name: str) -> Interpreter:
    interpreter = Interpreter(str(registry.path(name)), num_threads=2)
    interpreter.allocate_tensors()
    return interpreter
