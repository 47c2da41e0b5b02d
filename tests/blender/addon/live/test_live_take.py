"""Takes of live sessions on disk: numbered, and whole or absent."""

from __future__ import annotations

import errno
from fractions import Fraction
from pathlib import Path

import pytest

from blender_addon.core.performance import Performance
from blender_addon.live.record import save_take


class Broken(Performance):
    """A disk that is full before all is written."""

    def save(self, path: str | Path) -> None:
        Path(path).write_bytes(b"PK and then nothing")
        raise OSError(errno.ENOSPC, "No space left on device")


def test_takes_are_numbered_beyond_the_thousandth(tmp_path):
    (tmp_path / "take_1000.npz").touch()
    assert save_take(tmp_path, Performance.rest(5, Fraction(25)), bytes(640)) == tmp_path / "take_1001.wav"
    assert len(Performance.load(tmp_path / "take_1001.npz")) == 5


def test_a_take_that_could_not_be_written_is_none(tmp_path):
    rest = Performance.rest(5, Fraction(25))
    with pytest.raises(OSError, match="No space"):
        save_take(tmp_path, Broken(**vars(rest)), b"")
    assert not list(tmp_path.glob("take_*.npz"))
    save_take(tmp_path, rest, b"")
    assert [path.name for path in tmp_path.iterdir()] == ["take_001.npz"]
