"""What the first frame says it waits for: the compiler, only where nothing is kept from an earlier run."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction

from garrick.context import RunContext
from garrick.core.camera import CameraPath
from garrick.core.performance import Performance
from garrick.rendering import render


def asked(**more: str) -> str:
    """What a new process that has compiled nothing knows."""
    code = "from garrick.rendering import render, shade; print(shade.draw_head.signatures, render._compiled())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ | more
    )
    return done.stdout.strip()


def test_a_new_process_knows_whether_the_passes_were_compiled_before(portrait, tmp_path):
    performance = Performance.rest(1, Fraction(25), portrait.identity)
    render.run(portrait, performance, CameraPath.still(portrait.camera, 1, Fraction(25)), RunContext()).render(0)
    assert asked() == "[] True"
    assert asked(NUMBA_CACHE_DIR=str(tmp_path)) == "[] False"
