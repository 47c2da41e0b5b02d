"""Take pictures of every state of the panel, and those of docs/blender.md: a real Blender window on a virtual screen.

    python docs/pictures/take.py --blender /usr/bin/blender --states /tmp/states --docs docs/pictures

Needs Xvfb, xdotool and ImageMagick's `import`, `convert` and `montage`, a Blender 4.2 or later, and Garrick's environment
(.venv). It presses real buttons, says what they did, and how long Blender's window ever had to wait.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
VOICE = ROOT / "assets" / "sample" / "voice.wav"
SCREEN = (1600, 1300)  # high enough for the panels of a shot
LONGEST_S = 1500
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
IN_DOCS = {"window-ready": "ready", "window-imported": "imported", "window-rerendered": "rerendered"}
"""State -> name of the picture in the docs."""

BOOTSTRAP = """
import pathlib, sys, time
print("garrick: making .venv ... done", flush=True)
print("garrick: torch ... ", end="", flush=True)
if (pathlib.Path(__file__).parent / "fail").exists():
    print("failed\\nERROR: Could not fetch URL of the package index: name resolution failed", flush=True)
    sys.exit(1)
time.sleep(60)
"""
"""Plays a set-up, which would take minutes and gigabytes."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blender", required=True)
    parser.add_argument("--python", default=str(ROOT / ".venv" / "bin" / "python"), help="that has garrick")
    parser.add_argument("--states", type=Path, required=True, help="folder for a picture of each state")
    parser.add_argument("--docs", type=Path, help="folder for those that the docs show")
    parser.add_argument("--parts", nargs="*", default=[], help="of the tour; see tour.py")
    parser.add_argument("--display", default=":97")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from blender_addon.build import build

    options.states.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="garrick-tour-", ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        settings = props(work) | {
            "zip": str(build(work / "garrick.zip")),
            "python": options.python,
            "parts": options.parts,
        }
        screen = subprocess.Popen(["Xvfb", options.display, "-screen", "0", f"{SCREEN[0]}x{SCREEN[1]}x24"])
        time.sleep(1)
        environment = os.environ | {"DISPLAY": options.display, "BLENDER_USER_RESOURCES": str(work / "profile")}
        command = [options.blender, "--factory-startup", "--window-geometry", "0", "0", *map(str, SCREEN)]
        command += ["--python", str(Path(__file__).with_name("tour.py")), "--", json.dumps(settings)]
        blender = subprocess.Popen(command, env=environment)
        try:
            result = watch(blender, work, options, environment)
        finally:
            blender.kill()
            screen.kill()
            end_service(work / "service" / "runtime.json", 15)
    sheets(options.states)
    print(json.dumps(result))
    return 0 if result["status"] == "done" else 1


def props(work: Path) -> dict[str, Any]:
    """Everything that the tour needs on the disk."""
    checkout = work / "garrick"
    checkout.mkdir()
    (checkout / "bootstrap.py").write_text(BOOTSTRAP)
    subprocess.run(["convert", "-size", "256x256", "gradient:skyblue-white", str(work / "landscape.png")], check=True)
    (work / "notes.wav").write_text("This is not a sound.")
    shutil.copy(ROOT / "assets" / "sample" / "portrait.png", work)
    shutil.copy(VOICE, work)
    with wave.open(str(VOICE)) as whole, wave.open(str(work / "short.wav"), "wb") as part:
        part.setparams(whole.getparams())
        part.writeframes(whole.readframes(3 * whole.getframerate()))
    return {
        "out": str(work),
        "data": str(work / "service"),
        "other_data": str(work / "other"),
        "checkout": str(checkout),
        # beside the .blend, so that no picture shows a folder of the machine that took it
        "no_face": "//landscape.png",
        "portrait": "//portrait.png",
        "no_voice": "//notes.wav",
        "voice": f"//{VOICE.name}",
        "short_voice": "//short.wav",
    }


def watch(
    blender: subprocess.Popen, work: Path, options: argparse.Namespace, environment: dict[str, str]
) -> dict[str, Any]:
    """Do what the tour asks for, until it ends."""
    begun = time.monotonic()
    request, report = work / "request.json", work / "tour.json"
    while not report.is_file():
        if blender.poll() is not None or time.monotonic() - begun > LONGEST_S:
            return {"status": f"Blender ended with {blender.poll()}"}
        if request.is_file():
            answer(json.loads(request.read_text()), work, options, environment)
            request.unlink()
        time.sleep(0.01)
    return json.loads(report.read_text())


def answer(asked: dict[str, Any], work: Path, options: argparse.Namespace, environment: dict[str, str]) -> None:
    """What only the outside of Blender can do."""
    match asked["what"]:
        case "picture":
            take(asked["name"], asked["crop"], options, environment)
        case "move":
            xdotool(environment, "mousemove", str(asked["x"]), str(asked["y"]))
        case "nudge":
            told = subprocess.run(
                ["xdotool", "getmouselocation", "--shell"], env=environment, check=True, capture_output=True
            )
            y = int(told.stdout.split(b"Y=")[1].split()[0])
            xdotool(environment, "mousemove", str(asked["x"]), str(y + asked["offset"]))
        case "click":
            xdotool(environment, "click", "1")
        case "key":
            xdotool(environment, "key", asked["key"])
        case "kill":
            end_service(work / "service" / "runtime.json", 9)
        case "serve_other_version":
            serve_other_version(work / "other")


def xdotool(environment: dict[str, str], *what: str) -> None:
    subprocess.run(["xdotool", *what], env=environment, check=True)


def take(name: str, crop: list[int] | None, options: argparse.Namespace, environment: dict[str, str]) -> None:
    """A picture of the screen or of a part (x, y, width, height); in few colours, as it grows large otherwise."""
    path = options.states / f"{name}.png"
    subprocess.run(["import", "-window", "root", str(path)], env=environment, check=True)
    if crop is not None:
        x, y, width, height = crop
        subprocess.run(["convert", str(path), "-crop", f"{width}x{height}+{x}+{y}", "+repage", str(path)], check=True)
    if options.docs is not None and name in IN_DOCS:
        small = ["-resize", "1000x", "+dither", "-colors", "128"]
        subprocess.run(["convert", str(path), *small, str(options.docs / f"{IN_DOCS[name]}.png")], check=True)


def sheets(folder: Path) -> None:
    """All sidebars side by side, and all windows."""
    for name, found in (
        ("sheet", [path for path in folder.glob("*.png") if not path.stem.startswith(("window-", "sheet"))]),
        ("sheet-windows", list(folder.glob("window-*.png"))),
    ):
        if not found:
            continue
        found.sort(key=lambda path: path.stat().st_mtime)
        command = [
            "montage",
            "-font",
            FONT,
            "-label",
            "%t",
            *map(str, found),
            "-tile",
            "8x" if name == "sheet" else "2x",
        ]
        size = "260x1100" if name == "sheet" else "1000x820"
        subprocess.run([*command, "-geometry", f"{size}+6+6", str(folder / f"{name}.png")], check=True)


def serve_other_version(folder: Path) -> None:
    """A service that says of itself that it is of a later version."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"status": "ok", "version": "9.1.0", "queue": {}, "workers": [], "fields": []}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    folder.mkdir(exist_ok=True)
    told = {"url": f"http://127.0.0.1:{server.server_port}", "token": "x", "pid": os.getpid()}
    (folder / "runtime.json").write_text(json.dumps(told))


def end_service(runtime: Path, signal: int) -> None:
    """End the service that the tour has started."""
    if runtime.is_file():
        os.kill(json.loads(runtime.read_text())["pid"], signal)
        time.sleep(3)


if __name__ == "__main__":
    sys.exit(main())
