"""What is known of the portraits on this computer: each is shown to the service once, beside the window."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_iface as _

from ..answers import ServiceError
from ..backend_link import link
from ..tasks import Cancelled, Handle, Task
from . import consent, schema_ui
from .faces import Face, Look, chosen, read_look

FACE = "face"
"""The widget of the setting that says which face is meant."""

_KEPT = 100  # looks; each holds a small picture

_looks: dict[str, Look | ServiceError] = {}  # by the picture's SHA-256
_asked: set[str] = set()  # those that are being looked at


def look_of(portrait: Path) -> Look | ServiceError | None:
    """What the service saw in a picture, or why it could not; None before it was asked."""
    digest = consent.digest_of(portrait)
    return None if digest is None else _looks.get(digest)


def under_way(portrait: Path) -> bool:
    """Whether the service is looking at it now."""
    return consent.digest_of(portrait) in _asked


def may_be_shown(portrait: Path) -> bool:
    """Whether a picture may go to the service unasked: to this computer's own, or once the person has agreed."""
    return link.settings().local or consent.given(portrait)


def look(portrait: Path) -> Task[Look]:
    """Show a picture to the service. Raises ValueError for one that cannot be read, or is being looked at."""
    digest = consent.digest_of(portrait)
    if digest is None:
        raise ValueError(f"{portrait} cannot be read.")
    if digest in _asked:
        raise ValueError("The service is looking at it already.")

    def work(handle: Handle) -> Look:
        handle.progress("upload")
        client = link.client()
        asset = client.upload(portrait)
        handle.progress("portrait")
        return read_look(client.inspect(asset))

    def done(seen: Look) -> None:
        _asked.discard(digest)
        _looks[digest] = seen
        while len(_looks) > _KEPT:
            del _looks[next(iter(_looks))]

    def failed(error: Exception) -> None:
        _asked.discard(digest)
        if isinstance(error, ServiceError):
            _looks[digest] = error
        elif not isinstance(error, Cancelled):
            _looks[digest] = ServiceError("unexpected", str(error))

    _asked.add(digest)
    return Task("Look at the portrait", work, done, failed)


def forget_failures() -> None:
    """Let a service that has come, or come back, be asked again for what could not be answered."""
    for digest in [digest for digest, seen in _looks.items() if isinstance(seen, ServiceError)]:
        del _looks[digest]


def forget() -> None:
    """Know nothing."""
    _looks.clear()
    _asked.clear()


def face_index(scene: bpy.types.Scene) -> int | None:
    """The face that the settings ask for; None where they name none."""
    field = schema_ui.field_of(FACE)
    return None if field is None else schema_ui.value_of(scene, field)


def choose(scene: bpy.types.Scene, index: int) -> None:
    """Have the settings ask for a face. Raises ValueError before the first connection."""
    field = schema_ui.field_of(FACE)
    if field is None:
        raise ValueError("The service does not say that a face can be chosen.")
    schema_ui.store(scene, {**schema_ui.stored(scene), field.name: index})


def used(scene: bpy.types.Scene, portrait: Path) -> Face | None:
    """The face that the next job would use, where that is known."""
    seen = look_of(portrait)
    return chosen(seen, face_index(scene)) if isinstance(seen, Look) else None


def problem(scene: bpy.types.Scene, portrait: Path) -> str | None:
    """Why a job with this picture would fail, as far as that is known; a sentence without its full stop."""
    seen = look_of(portrait)
    if isinstance(seen, ServiceError):
        return seen.user_message.rstrip(".") if seen.kind == "input" else None
    if seen is None:
        return None
    if seen.fault is not None:
        return seen.fault.rstrip(".")
    face, index, count = chosen(seen, face_index(scene)), face_index(scene), len(seen.usable)
    if face is None and index is None:
        return _("The photo shows {count} faces: choose one").format(count=count)
    if face is None:
        return _("There is no face {number}: the photo shows {count}").format(number=(index or 0) + 1, count=count)
    return face.fault.rstrip(".") if face.fault else None
