"""The service's log: one JSON object a line, in files that take turns."""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import traceback
from io import TextIOWrapper

from garrick.files import make_folder

from .settings import Settings

_KNOWN = frozenset(vars(logging.makeLogRecord({})))


def begin_log(settings: Settings, token: str) -> None:
    """Send everything that is logged to the log file, but never the token. Raises OutputError."""
    make_folder(settings.log.parent)
    file = _PrivateFile(settings.log, maxBytes=settings.log_bytes, backupCount=settings.log_files, encoding="utf-8")
    file.setFormatter(_JsonLines(token))
    logging.basicConfig(level=logging.INFO, handlers=[file], force=True)
    for quiet in ("httpx", "httpcore", "asyncio"):
        logging.getLogger(quiet).setLevel(logging.WARNING)


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """Only the user may read it."""

    def _open(self) -> TextIOWrapper:
        return open(
            self.baseFilename, "a", encoding=self.encoding, opener=lambda name, flags: os.open(name, flags, 0o600)
        )


class _JsonLines(logging.Formatter):
    """Time, level, logger, message, and whatever was given as `extra`; the token struck out, wherever it comes from."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _KNOWN},
        }
        if record.exc_info:
            line["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line, default=str).replace(self._token, "(token)")
