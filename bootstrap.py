"""From a fresh checkout to a working Garrick, with nothing but Python 3.11, 3.12 or 3.13.

    python3 bootstrap.py demo              make everything ready and run the main job on the sample
    python3 bootstrap.py test [ARGS...]    make everything ready and run the tests; ARGS go to pytest
    python3 bootstrap.py setup             only make everything ready, with the tools for development
    python3 bootstrap.py backend           only make ready what the Blender add-on needs: no tools, no Blender module

Run it as often as you like: what is there is left alone. Windows: `py -3.11 bootstrap.py demo`.
It takes 4 GB of disk, on Linux 9 GB: the index's torch brings several for NVIDIA cards. Without such a card
PIP_EXTRA_INDEX_URL, set to the index that torch's own install page names for CPU, gets the small build.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
PYTHONS = ((3, 11), (3, 13))
DISK = 4e9  # bytes: the packages take about 3 GB, pip's scratch the rest
CARDS = 5e9  # the same for what Linux's usual torch brings for NVIDIA cards
SYSTEM_LIBRARIES = (
    "libx11-6", "libxext6", "libxfixes3", "libxi6", "libxrender1", "libxkbcommon0", "libsm6", "libice6", "libgl1",
    "libegl1", "libxxf86vm1", "libgomp1",
)  # fmt: skip
"""Debian's names of what Blender as a Python module links to."""

_SAMPLE = ("--portrait", "assets/sample/portrait.png", "--audio", "assets/sample/voice.wav")


class Refusal(Exception):
    """Something that the user has to mend; its text says how."""


def main(arguments: list[str]) -> int:
    """Run one of the commands; its exit code."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command not in ("demo", "test", "setup", "backend") or (rest and command != "test"):
        print(__doc__)
        return 0 if command in ("-h", "--help") else 2
    try:
        check_python(sys.version_info[:2])
        python = set_up(ROOT, develop=command in ("setup", "test"), blender=command != "backend")
        if command in ("setup", "backend"):
            trial(python, scene=command == "setup")
        if command == "demo":
            demo(python)
        if command == "test":
            return subprocess.run([str(python), "-m", "pytest", *rest], cwd=ROOT).returncode
    except Refusal as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again to go on.", file=sys.stderr)
        return 130
    return 0


def check_python(version: tuple[int, int]) -> None:
    """Refuse a Python that the packages have no wheels for."""
    if not PYTHONS[0] <= version <= PYTHONS[1]:
        raise Refusal(
            "Garrick needs Python 3.11 (or 3.12, 3.13); this is {}.{}.\n".format(*version)
            + "Install Python 3.11 and run: python3.11 bootstrap.py demo   (Windows: py -3.11 bootstrap.py demo)"
        )


def set_up(root: Path, develop: bool, blender: bool = True) -> Path:
    """Environment, packages, weights; -> the environment's Python. Packages wait until `stamp_of` changes.

    develop: with the tools for development. blender: with Blender's Python module, which writes scene.blend.
    """
    folder = root / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp, wanted = folder / "garrick-setup.txt", stamp_of(root)
    done = stamp.read_text().split() if stamp.is_file() and python.exists() else []
    extras = {name for name, asked in (("dev", develop), ("blender", blender)) if asked}
    if wanted not in done or not extras <= set(done):
        check_disk(root)
        if not stamp.is_file() or not python.exists():  # also after a set-up that was interrupted: venv mends its own
            run("making .venv", [sys.executable, "-m", "venv", str(folder)])
        install(root, python, develop, blender)
        before = set(done) - {wanted} if wanted in done else set()
        stamp.write_text(" ".join([wanted, *sorted(before | extras)]) + "\n")
    if blender:
        check_blender(python)
    run("weights and head model", [program(python), "weights", "pull"])
    return python


def stamp_of(root: Path) -> str:
    """Changes whenever what has to be installed does."""
    content = b"".join((root / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    return hashlib.sha256(content).hexdigest()


def check_disk(root: Path) -> None:
    """Refuse a disk on which the packages would not fit."""
    free = shutil.disk_usage(root).free
    needed = DISK + (CARDS if for_cards() else 0)
    if free < needed:
        less = " (see PIP_EXTRA_INDEX_URL in --help: 4 GB)" if for_cards() else ""
        raise Refusal(
            f"{root} has {free / 1e9:.1f} GB free; Garrick needs {needed / 1e9:.0f} GB{less}. Make room and run this again."
        )


def for_cards() -> bool:
    """Whether pip will get the torch for NVIDIA cards: on Linux, unless an index of another torch is named."""
    named = (os.environ.get("PIP_EXTRA_INDEX_URL"), os.environ.get("PIP_INDEX_URL"))
    return sys.platform == "linux" and not any(named)


def install(root: Path, python: Path, develop: bool, blender: bool) -> None:
    """torch first and by its exact pin, as it is the largest; then the rest; then Blender's module, if there is one."""
    pip = [
        str(python),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-c",
        str(root / "constraints.txt"),
    ]
    run("torch", [*pip, torch_pin(root)])
    extras = "[dev]" if develop else ""
    run("packages", [*pip, "--editable", f"{root}{extras}"])
    if not blender:
        return
    try:
        run("Blender as a module", [*pip, "--editable", f"{root}[blender]"])
    except Refusal as refusal:
        say(f"no Blender module for this Python and system; the rest works without. {refusal}")


def torch_pin(root: Path) -> str:
    """The line of constraints.txt that pins torch."""
    found = re.search(r"^torch==\S+", (root / "constraints.txt").read_text(), re.MULTILINE)
    if found is None:
        raise Refusal("constraints.txt does not pin torch.")
    return found.group()


def check_blender(python: Path) -> None:
    """Import bpy once, so that a missing system library is named now and not at the end of the first job."""
    if os.environ.get("GARRICK_BLENDER"):
        return
    # os._exit: bpy's own way out may wait for ever for one of its threads; its scratch stays behind
    program = "import os, bpy, shutil; shutil.rmtree(bpy.app.tempdir, ignore_errors=True); os._exit(0)"
    done = subprocess.run([str(python), "-c", program], capture_output=True, text=True)
    if done.returncode == 0:
        return
    if "No module named 'bpy'" in done.stderr:
        say("scene.blend needs Blender 4.2 or later: set GARRICK_BLENDER to its path (everything else works without)")
        return
    raise Refusal(explain_import(done.stderr))


def explain_import(message: str) -> str:
    """What to do about an import of bpy that failed with this message."""
    library = re.search(r"(lib[\w+.-]+\.so[.\d]*): cannot open shared object file", message)
    if library is None:
        return f"Blender's Python module cannot be loaded:\n{message.strip()}"
    return (
        f"Blender's Python module needs the system library {library.group(1)}. On Debian and Ubuntu run:\n"
        f"    sudo apt-get install -y {' '.join(SYSTEM_LIBRARIES)}\nand then this command again."
    )


def demo(python: Path) -> None:
    """The main job on the sample, with its own progress on the terminal."""
    out = ROOT / "out" / "demo"
    say("the main job on the sample")
    command = [program(python), "perform", *_SAMPLE, "--out", str(out)]
    if subprocess.run(command, cwd=ROOT).returncode != 0:
        raise Refusal("The demo did not finish; the lines above say why.")
    say(f"done. Look at {out / 'preview.mp4'}; open {out / 'scene.blend'} in Blender; all files are in {out}")
    say(f"next, your own: {program(python)} perform --portrait me.jpg --audio line.wav --out out/me")
    say("how it goes on in Blender, with keys and cameras of yours: docs/first_shot.md")


def trial(python: Path, scene: bool) -> None:
    """One small frame from end to end: the first job compiles what later ones find compiled."""
    with tempfile.TemporaryDirectory(prefix="garrick-trial-") as out:
        small = ["--size", "128x128", "--frames", "0-0", "--out", out, "--scene" if scene else "--no-scene"]
        run("a first small job, which compiles what is compiled once", [program(python), "perform", *_SAMPLE, *small])


def program(python: Path) -> str:
    """The `garrick` command of an environment."""
    return str(python.with_name("garrick.exe" if os.name == "nt" else "garrick"))


def run(step: str, command: list[str]) -> None:
    """Run one quiet step and say how long it took; its output is shown only when it fails, as a Refusal."""
    start = time.monotonic()
    print(f"garrick: {step} ...", end=" ", flush=True)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    print(f"{time.monotonic() - start:.0f} s" if done.returncode == 0 else "failed", flush=True)
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Refusal("\n".join([f"This step failed: {step}.", *lines[-12:]]))


def say(line: str) -> None:
    """One line for the user."""
    print(f"garrick: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
