"""Take the pictures of docs/blender.md: a real Blender window on a virtual screen, walked through a first shot.

    python docs/pictures/take.py --blender /usr/bin/blender --out docs/pictures

Needs Xvfb, xdotool and ImageMagick's `import` and `convert`, a Blender 4.2 or later, and Garrick's environment (.venv).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCREEN = (1600, 1300)  # high enough for the panels of a shot


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blender", required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--display", default=":97")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from blender_addon.build import build

    with tempfile.TemporaryDirectory(prefix="garrick-tour-") as folder:
        work = Path(folder)
        settings = {
            "out": str(work),
            "zip": str(build(work / "garrick.zip")),
            "data": str(work / "service"),
            "portrait": str(ROOT / "assets" / "sample" / "portrait.png"),
            "voice": str(ROOT / "assets" / "sample" / "voice.wav"),
        }
        screen = subprocess.Popen(["Xvfb", options.display, "-screen", "0", f"{SCREEN[0]}x{SCREEN[1]}x24"])
        time.sleep(1)
        environment = os.environ | {"DISPLAY": options.display, "BLENDER_USER_RESOURCES": str(work / "profile")}
        command = [options.blender, "--factory-startup", "--window-geometry", "0", "0", *map(str, SCREEN)]
        command += ["--python", str(Path(__file__).with_name("tour.py")), "--", json.dumps(settings)]
        blender = subprocess.Popen(command, env=environment)
        try:
            result = watch(blender, work, options.out, environment)
        finally:
            blender.kill()
            screen.kill()
            stop_service(work / "service" / "runtime.json")
    print(json.dumps(result, indent=1))
    return 0 if result["status"] == "done" else 1


def watch(blender: subprocess.Popen, work: Path, out: Path, environment: dict[str, str]) -> dict:
    """Take a picture whenever the tour wants one, until it ends."""
    begun, splash = time.monotonic(), True
    while not (work / "tour.json").is_file():
        if blender.poll() is not None or time.monotonic() - begun > 900:
            return {"status": f"Blender ended with {blender.poll()}"}
        if splash and time.monotonic() - begun > 6:
            subprocess.run(["xdotool", "key", "Escape"], env=environment)
            splash = False
        for wanted in work.glob("*.want"):
            wanted.unlink()
            if wanted.stem == "serve":
                serve(work / "service")
                continue
            aside = work / f"{wanted.stem}.aside.png"
            subprocess.run(["import", "-window", "root", str(aside)], env=environment, check=True)
            subprocess.run(
                ["convert", str(aside), "-resize", "1200x", "-colors", "192", str(out / f"{wanted.stem}.png")],
                check=True,
            )
            aside.rename(work / f"{wanted.stem}.png")
        time.sleep(0.1)
    return json.loads((work / "tour.json").read_text())


def serve(data: Path) -> None:
    """Start the service beside Blender, which may be in another root."""
    python = str(ROOT / ".venv" / "bin" / "python")
    command = [python, "-c", "from garrick.cli import main; main()", "serve", "--no-scene", "--data", str(data)]
    subprocess.Popen(command, stdout=subprocess.DEVNULL)


def stop_service(runtime: Path) -> None:
    """End the service that the tour has started."""
    if runtime.is_file():
        os.kill(json.loads(runtime.read_text())["pid"], 15)
        time.sleep(3)


if __name__ == "__main__":
    sys.exit(main())
