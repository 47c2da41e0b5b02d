"""The right to use a face: asked for once per portrait, kept as long as the data folder."""

from __future__ import annotations

import time
from pathlib import Path

from garrick.files import make_folder, write_json

from .answers import Refused


class Consents:
    """One small file a portrait whose use somebody has answered for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        make_folder(folder)

    def require(self, portrait: str, given: bool) -> None:
        """Keep a consent that is given; raises Refused when there is none. `portrait`: 64 hexadecimal digits."""
        path = self._folder / f"{portrait}.json"
        if path.exists():
            return
        if not given:
            raise Refused(
                403,
                "consent",
                "Nobody has confirmed yet that this face may be used.",
                'Send "consent": true once if the person in the portrait agrees to it.',
            )
        write_json(path, {"portrait": portrait, "consent": True, "time": time.time()})
