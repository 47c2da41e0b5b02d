"""One SQLite file that several threads write: a connection each, whole transactions, errors in plain words."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from garrick.errors import OutputError
from garrick.files import make_folder

BUSY_S = 5.0
"""Seconds to wait for another program that holds the file before giving up."""

_WAL_LIMIT = 16 * 2**20  # bytes that the write-ahead log keeps on disk after a checkpoint


class Database:
    """A SQLite file in WAL mode, made or brought up to date by `migrations`.

    migrations: scripts; number i takes the file from version i to i + 1.
    A transaction that has ended well is on the disk, whatever is killed or unplugged next.
    Raises OutputError for a file that cannot be used, here and in every later call.
    """

    def __init__(self, path: Path, migrations: Sequence[str]) -> None:
        self.path = path
        self._local = threading.local()
        self._open: weakref.WeakSet[_Connection] = weakref.WeakSet()
        # SQLite's own waiting polls and is unfair; this queues the threads of this process
        self._writing = threading.Lock()
        make_folder(path.parent)
        with self._plain_errors():
            self._connection().execute("PRAGMA journal_mode = WAL")
        with self.transaction() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > len(migrations):
                raise OutputError(
                    f"{path} was written by a newer Garrick.", "Update Garrick, or choose another folder with --data."
                )
            for number, script in enumerate(migrations[version:], version + 1):
                for statement in filter(str.strip, script.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows of a query. Raises OutputError."""
        with self._plain_errors():
            return self._connection().execute(sql, parameters).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """What the block writes is kept whole when it ends well, and not at all when it does not. Raises OutputError."""
        with self._writing, self._plain_errors():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in list(self._open):
            connection.close()
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(
                self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False, factory=_Connection
            )
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA journal_size_limit = {_WAL_LIMIT}")
            self._open.add(connection)
            self._local.connection = connection
        return connection

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise _output_error(error, self.path) from error


class _Connection(sqlite3.Connection):
    """A connection that can be referred to weakly: it closes with its thread, or with the database."""


def _output_error(error: sqlite3.DatabaseError, path: Path) -> OutputError:
    """What SQLite refused, in a sentence with its fix."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:  # the low byte is the kind, the rest the detail
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return OutputError(f"Another program keeps {path} locked.", "Close that program and try again.")
        case sqlite3.SQLITE_FULL:
            return OutputError(
                f"The disk is full: {path} could not be written.", "Make room and try again; nothing stored is lost."
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return OutputError(f"{path} may not be written: {error}.", "Choose another folder with --data.")
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return OutputError(
                f"{path} is damaged or no job store: {error}.", "Move it away; a new one is made at the next start."
            )
        case _:
            return OutputError(f"{path} could not be used: {error}.", "Try again; nothing stored is lost.")
