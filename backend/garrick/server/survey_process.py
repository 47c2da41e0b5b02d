"""The process that looks at one portrait under the limits of a worker: a picture that harms its decoder harms no job.

In: one line of JSON, {"picture": path, "limits": {...}}. Out: one line, {"survey": {...}} as `inspection.Inspection` has it,
or {"error": {"kind", "message", "fix"}}.
"""

from __future__ import annotations

import base64
import json
import os
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from garrick.errors import GarrickError, MissingError

from .asset_names import told_by_use
from .limits import Limits, hold_to
from .worker import die, take_pipes


def main() -> None:
    """The process."""
    orders, out = take_pipes()
    order = json.loads(orders.readline())
    threading.Thread(target=lambda: (orders.read(), die()), daemon=True).start()  # the end of its input ends it
    hold_to(Limits(**order["limits"]))
    answer = memoryview(json.dumps(_answer(Path(order["picture"]))).encode() + b"\n")
    while answer:
        answer = answer[os.write(out, answer) :]


def _answer(picture: Path) -> dict[str, Any]:
    from garrick.perception.survey import survey

    try:
        with told_by_use({"picture": picture}):
            seen = survey(picture)
    except GarrickError as error:
        kind = "missing" if isinstance(error, MissingError) else "input"
        return {"error": {"kind": kind, "message": error.user_message, "fix": error.fix}}
    height, width = seen.preview.shape[:2]
    preview = {"size": (width, height), "rgb": base64.b64encode(seen.preview.tobytes()).decode()}
    return {"survey": asdict(seen) | {"preview": preview}}


if __name__ == "__main__":
    main()
