"""The right to imitate a voice: asked for once per target voice, kept as long as the data folder."""

from __future__ import annotations

import time
from pathlib import Path

from garrick.errors import InputError
from garrick.files import make_folder, write_json


class VoiceConsents:
    """One small file a target voice whose imitation somebody has answered for, as `garrick.server.consent` for faces."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def require(self, digest: str, given: bool) -> None:
        """Keep a consent that is given; raises InputError when there is none. `digest`: of a Target."""
        path = self._folder / f"{digest}.json"
        if path.exists():
            return
        if not given:
            raise InputError(
                "Nobody has confirmed yet that this voice may be imitated.",
                "Add --consent once if the person whose voice it is agrees to it.",
            )
        make_folder(self._folder)
        write_json(path, {"voice": digest, "consent": True, "time": time.time()})
