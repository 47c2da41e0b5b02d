"""Pictures of a stream's motion, as a shot of it would show them with the photo's own arms: a thread renders them."""

from __future__ import annotations

import io
import math
import threading
import time
import traceback
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from garrick.bodies.body import make_figure, trunk_places
from garrick.bodies.head import load_head
from garrick.context import RunContext
from garrick.core.performance import BODY_JOINTS
from garrick.core.skeleton import head_carried
from garrick.motion.live_frames import ARM_JOINTS, SPINE, Motion
from garrick.outputs.synthetic import SYNTHETIC, SYNTHETIC_XMP
from garrick.perception.portrait import Portrait
from garrick.rendering import render
from garrick.rendering.puppet import Pose
from garrick.rendering.trunk import make_trunk

from .worker import die

if TYPE_CHECKING:
    from .stream_process import Mouth

_PICTURES = 8  # waiting to be rendered, or as many as were moved at once; older ones are dropped
_SELDOM = 0.25  # seconds between two pictures while motion is late
_JPEG, _WEBP = 85, 80  # quality
_DESCRIPTION = 0x010E  # EXIF's ImageDescription


class Painter:
    """Renders frames in a thread. Where it falls behind, or motion does, pictures are dropped and it says so.

    form: "jpeg" or "webp".    background: (H, W, 3) uint8, sRGB, of the portrait's size, behind the person instead of the
    photo's own.
    """

    def __init__(self, portrait: Portrait, form: str, mouth: Mouth, background: np.ndarray | None = None) -> None:
        self._form, self._mouth = form, mouth
        stage = render.prepare(portrait, RunContext())
        if background is not None:
            stage = stage.before(background)
        head = load_head()
        trunk = make_trunk(stage.sheet, make_figure(head, portrait.identity), portrait.camera)
        self._stage = replace(stage, trunk=trunk)
        self._places = trunk_places(head, portrait.identity)
        render.render_pose(self._stage, self._stage.puppet.source, portrait.camera)  # compiles
        self._waiting: deque[tuple[int, Pose]] = deque()
        self._dropped, self._drawn = 0, -math.inf  # pictures, and seconds: when the latest was begun
        self._news = threading.Condition()
        self._busy = False
        threading.Thread(target=self._work, daemon=True).start()

    def paint(self, motion: Motion, hurried: bool = False) -> None:
        """Have frames rendered. hurried: the motion came late, and goes before its pictures: now and then the newest."""
        body = _body_pose(motion)
        places = motion.head_translation + head_carried(body, self._places).astype(np.float32)
        channels = motion.face, motion.head_rotation, places, motion.gaze, body
        with self._news:
            self._waiting += enumerate(map(Pose, *channels), motion.first)
            most = max(_PICTURES, len(motion))
            if hurried:
                most = int(time.monotonic() - self._drawn >= _SELDOM)
            while len(self._waiting) > most:
                self._waiting.popleft()
                self._dropped += 1
            self._news.notify()

    def finish(self) -> None:
        """Wait until all that wait are out, and all that do not come are told."""
        with self._news:
            self._news.wait_for(lambda: not self._waiting and not self._busy)
            dropped, self._dropped = self._dropped, 0
        if dropped:
            self._mouth.say({"behind": dropped})

    def _work(self) -> None:
        while True:
            with self._news:
                self._busy = False
                self._news.notify_all()
                self._news.wait_for(lambda: self._waiting)
                frame, pose = self._waiting.popleft()
                dropped, self._dropped, self._busy = self._dropped, 0, True
                self._drawn = time.monotonic()
            if dropped:
                self._mouth.say({"behind": dropped})
            try:
                plate = render.render_pose(self._stage, pose, self._stage.portrait.camera).plate
                self._mouth.say({"image": frame}, encode(plate, self._form))
            except Exception:  # a bug; the session has to hear that no picture will come
                traceback.print_exc()
                die()


def encode(picture: np.ndarray, form: str) -> bytes:
    """A JPEG or WebP of an (H, W, 3) uint8 sRGB picture, marked as synthetic."""
    data = io.BytesIO()
    exif = Image.Exif()
    exif[_DESCRIPTION] = SYNTHETIC
    image = Image.fromarray(picture)
    if form == "jpeg":
        image.save(data, "JPEG", quality=_JPEG, exif=exif, xmp=SYNTHETIC_XMP.encode())
    else:
        image.save(data, "WEBP", quality=_WEBP, method=0, exif=exif, xmp=SYNTHETIC_XMP.encode())
    return data.getvalue()


def _body_pose(motion: Motion) -> np.ndarray:
    """(n, 13, 3) axis-angle in `BODY_JOINTS` order; what the stream does not move rests."""
    pose = np.zeros((len(motion), len(BODY_JOINTS), 3), np.float32)
    for joints, turns in ((SPINE, motion.spine), (ARM_JOINTS, motion.arms)):
        if turns is not None:
            pose[:, [BODY_JOINTS.index(joint) for joint in joints]] = turns
    return pose
