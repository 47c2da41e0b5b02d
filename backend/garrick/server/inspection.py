"""Looks at portraits for those who are about to ask for a job: one process at a time, and each picture once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from .answers import Refused
from .limits import Limits
from .settings import Settings

_KEPT = 64  # pictures whose answer is remembered
_WAITING = 8  # requests that may wait for their turn
_ANSWER_BYTES = 2**22


class Fault(BaseModel):
    """Why a job would refuse."""

    message: str
    fix: str | None


class InspectedFace(BaseModel):
    """One face of the picture."""

    index: int | None = Field(description="A job's `face_index`; null for one that is too small beside the others.")
    box: tuple[float, float, float, float] = Field(
        description="Left, top, right, bottom, brow to chin: pixels of the upright picture."
    )
    height: float = Field(description="Pixels, brow to chin.")
    yaw: float | None = Field(description="Degrees, + to the subject's left; null where it was not measured.")
    pitch: float | None = Field(description="Degrees, + up.")
    roll: float | None = Field(description="Degrees, + towards the subject's right shoulder.")
    fault: Fault | None = Field(description="Why a job would refuse this face.")
    notes: list[str] = Field(description="What could be better, for people.")


class Preview(BaseModel):
    """A small picture, upright."""

    size: tuple[int, int] = Field(description="Width and height, pixels, 256 at most.")
    rgb: str = Field(description="Base64 of its bytes: sRGB, 3 a pixel, from the top left, row by row.")


class Inspection(BaseModel):
    """What a portrait shows. faces: from left to right."""

    size: tuple[int, int] = Field(description="Width and height of the upright picture, pixels.")
    faces: list[InspectedFace]
    fault: Fault | None = Field(description="Why a job would refuse the picture, whichever face it asks for.")
    preview: Preview


class Inspector:
    """Looks at pictures in a process of its own, under the limits of a job. Lives in one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: OrderedDict[str, Inspection | Refused] = OrderedDict()
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def inspect(self, digest: str, picture: Path) -> Inspection:
        """The faces of a picture. Raises Refused for one that cannot be read."""
        if digest not in self._known:
            if self._waiting >= _WAITING:
                raise Refused(429, "busy", "Too many pictures are being looked at.", "Ask again in a moment.")
            self._waiting += 1
            try:
                async with self._turn:
                    if digest not in self._known:  # it may have been the same one that went before
                        self._remember(digest, await self._look(picture))
            finally:
                self._waiting -= 1
        found = self._known[digest]
        self._known.move_to_end(digest)
        if isinstance(found, Refused):
            raise Refused(found.status, found.kind, found.user_message, found.fix)
        return found

    def _remember(self, digest: str, found: Inspection | Refused) -> None:
        self._known[digest] = found
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)

    async def _look(self, picture: Path) -> Inspection | Refused:
        """What the process says of a picture. Raises Refused, not to be remembered, when it says nothing."""
        limits = Limits(self._settings.job_memory, self._settings.job_file_bytes, self._settings.job_open_files)
        order = json.dumps({"picture": str(picture), "limits": vars(limits)}).encode() + b"\n"
        answer = await self._asked(order)
        if "survey" in answer:
            return Inspection.model_validate(answer["survey"])
        kind, message, fix = (answer["error"][part] for part in ("kind", "message", "fix"))
        if kind == "missing":
            raise Refused(503, kind, message, fix)
        return Refused(422, kind, message, fix)

    async def _asked(self, order: bytes) -> dict[str, Any]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "garrick.server.survey_process"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_ANSWER_BYTES,
            start_new_session=True,  # a process group of its own, to be ended as a whole
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(order)
            line = await asyncio.wait_for(process.stdout.readline(), self._settings.inspect_s)
        except TimeoutError:
            raise Refused(
                503, "slow", f"The picture was not understood within {self._settings.inspect_s:g} s.", "Ask again."
            ) from None
        finally:
            _end(process)
            await asyncio.shield(process.wait())
        if not line:
            raise Refused(422, "input", "The picture cannot be read within the limits of a job.", "Save it smaller.")
        return json.loads(line)


def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
