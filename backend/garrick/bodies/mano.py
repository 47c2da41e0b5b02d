"""Reads hand files in the MANO format (Romero et al. 2017), ours and a user's own, into plain checked arrays.

Official files are Python 2 pickles that hold chumpy and scipy objects. Neither package is needed, and nothing in the
pickle is run: the few classes that such files name are stood in for, and any other class is refused.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from garrick.core.archive import load_arrays
from garrick.errors import InputError, MissingError

PARENTS = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14)
KEYS = (
    "v_template", "shapedirs", "posedirs", "J_regressor", "kintree_table", "weights", "f", "hands_components",
    "hands_mean",
)  # fmt: skip
_OURS = ("quads", "tip_vertex_ids", "credits")  # what our own files hold besides
_FIX = "Name a MANO_RIGHT or MANO_LEFT file, .npz or .pkl."
_LIMIT = 200e6  # bytes; an official file is 4 MB
_ARRAY_PARTS = {("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numpy", "ndarray"), ("numpy", "dtype")}
# what pickle and the stand-ins raise for files that are torn or hold something else
_DAMAGE = (
    pickle.UnpicklingError, ValueError, EOFError, LookupError, TypeError, AttributeError, ImportError, MemoryError,
    OverflowError,
)  # fmt: skip


def read_mano(path: Path) -> dict[str, np.ndarray]:
    """The arrays of `KEYS`, and `_OURS` where the file has them, with shapes that fit each other.

    v_template: (V, 3) metres.     shapedirs: (V, 3, B).    posedirs: (V, 3, 135).    J_regressor: (16, V).
    kintree_table: (2, 16).        weights: (V, 16).        f: (T, 3).
    hands_components: (45, 45) rows of axis-angle.          hands_mean: (45,).
    Raises MissingError where there is no file and InputError where it is no MANO hand.
    """
    if not path.is_file():
        raise MissingError(f"There is no hand file {path}.", _FIX)
    try:
        if path.stat().st_size > _LIMIT:
            raise ValueError("The file is too large.")
        arrays = _read_pickle(path) if path.suffix == ".pkl" else load_arrays(path, _LIMIT, {*KEYS, *_OURS})
    except (*_DAMAGE, OSError) as error:
        raise InputError(f"{path.name} cannot be read as a MANO hand: {error}", _FIX) from error
    if missing := [key for key in KEYS if key not in arrays]:
        raise InputError(f"{path.name} is no MANO hand: it has no {', '.join(missing)}.", _FIX)
    if wrong := _misfits(arrays):
        raise InputError(f"{path.name} is no MANO hand: {wrong}.", _FIX)
    return arrays


def _misfits(arrays: dict[str, np.ndarray]) -> str:
    """What is wrong with the arrays in a few words, or an empty string."""
    count = len(arrays["v_template"]) if arrays["v_template"].ndim else 0
    shapes: dict[str, tuple[int | None, ...]] = {
        "v_template": (count, 3), "shapedirs": (count, 3, None), "posedirs": (count, 3, 135),
        "J_regressor": (16, count), "kintree_table": (2, 16), "weights": (count, 16), "f": (None, 3),
        "hands_components": (45, 45), "hands_mean": (45,),
    }  # fmt: skip
    if "quads" in arrays:
        shapes["quads"] = (None, 4)
    for key, shape in shapes.items():
        array = arrays[key]
        fits = len(shape) == array.ndim and all(b is None or a == b for a, b in zip(array.shape, shape, strict=True))
        if not fits:
            return f"{key} has the shape {array.shape}"
        if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            return f"{key} holds something that is no number"
    corners = np.concatenate([arrays[key].astype(np.int64).ravel() for key in ("f", "quads") if key in arrays])
    if not count or not len(corners) or corners.min() < 0 or corners.max() >= count:
        return "its faces do not fit its vertices"
    if tuple(arrays["kintree_table"][0, 1:].astype(np.int64)) != PARENTS[1:]:
        return "its joints are not in MANO's order"
    return ""


def _read_pickle(path: Path) -> dict[str, np.ndarray]:
    with path.open("rb") as file:
        model = _Reader(file, encoding="latin1").load()
    if not isinstance(model, dict):
        raise ValueError("it is no dictionary.")
    return {key: _dense(model[key]) for key in KEYS if key in model}


class _Reader(pickle.Unpickler):
    """Makes numpy arrays, and `_StandIn`s for chumpy and scipy.sparse; no other class."""

    def find_class(self, module: str, name: str) -> Any:
        top = module.partition(".")[0]
        if top == "chumpy" or module.startswith("scipy.sparse"):
            return type(name, (_StandIn,), {})
        if top == "numpy" and (module.rpartition(".")[2], name) in _ARRAY_PARTS:
            return super().find_class(module, name)
        if (module, name) in {("copy_reg", "_reconstructor"), ("copyreg", "_reconstructor")}:
            return _reconstruct
        if (module, name) in {("__builtin__", "object"), ("builtins", "object")}:
            return object
        if (module, name) == ("_codecs", "encode"):  # how Python 3 writes bytes for old protocols
            return lambda text, encoding: text.encode("latin1")
        raise pickle.UnpicklingError(f"it holds a {module}.{name}.")


class _StandIn:
    """Keeps the state of an object whose class is not there."""

    def __init__(self, *args: object) -> None:
        pass

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.state = state


def _reconstruct(kind: type, base: type, state: object) -> object:
    if not (isinstance(kind, type) and issubclass(kind, _StandIn)):
        raise pickle.UnpicklingError("it holds an object of an unknown kind.")
    return kind()


def _dense(value: Any) -> np.ndarray:
    """A pickled member as a plain array: numpy's own, scipy's csc or csr matrix, chumpy's Ch or Select."""
    if not isinstance(value, _StandIn):
        return np.asarray(value)
    state, kind = value.state, type(value).__name__
    if kind in ("csc_matrix", "csr_matrix"):
        pointers, others = np.asarray(state["indptr"]), np.asarray(state["indices"])
        shape = tuple(int(size) for size in (state.get("_shape") or state["shape"]))
        own = np.repeat(np.arange(len(pointers) - 1), np.diff(pointers))
        dense = np.zeros(shape)
        dense[(others, own) if kind == "csc_matrix" else (own, others)] = state["data"]
        return dense
    if kind == "Select":  # chumpy.reordering.Select: flat indices into another array
        return _dense(state["a"]).ravel()[np.asarray(state["idxs"])].reshape(state["preferred_shape"])
    if "x" in state:
        return _dense(state["x"])
    raise ValueError(f"it holds a {kind} that is not understood.")
