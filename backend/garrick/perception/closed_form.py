"""Closed-form matting (Levin et al. 2008) and the foreground's colours (Germer et al. 2020) by pymatting.

Only that is loaded of it: imported as a whole, the package compiles every method it has, which takes half a minute on a
machine's first run.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec

for _name in ("", ".alpha", ".foreground", ".laplacian", ".preconditioner", ".solver", ".util"):
    # found and not run, a package is no more than the folder of its modules
    _spec = find_spec(f"pymatting{_name}")
    if _spec is not None:
        sys.modules.setdefault(_spec.name, module_from_spec(_spec))

from pymatting.alpha.estimate_alpha_cf import estimate_alpha_cf  # noqa: E402
from pymatting.foreground.estimate_foreground_ml import estimate_foreground_ml  # noqa: E402

# it prints where it has to try again with another shift, and standard output is the caller's
vars(import_module("pymatting.preconditioner.ichol"))["print"] = lambda *_: None

__all__ = ["estimate_alpha_cf", "estimate_foreground_ml"]
