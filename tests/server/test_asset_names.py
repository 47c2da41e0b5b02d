"""What is wrong with an upload is told in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from garrick.errors import InputError
from garrick.server.asset_names import told_by_use

FILES = {"portrait": Path("/srv/assets/3f/a26ef2ee"), "background": Path("/srv/assets/77/0123beef")}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("a26ef2ee is damaged.", "The portrait is damaged."),
        ("The background 0123beef is 2 x 2 pixels.", "The background is 2 x 2 pixels."),
        ("There is no file /srv/assets/3f/a26ef2ee.", "There is no file the portrait."),
        ("Nobody is seen.", "Nobody is seen."),
    ],
)
def test_a_hash_is_told_as_what_the_file_is_for(said: str, told: str) -> None:
    with pytest.raises(InputError) as found, told_by_use(FILES):
        raise InputError(said, "Try another.")
    assert (found.value.user_message, found.value.fix) == (told, "Try another.")
    assert str(found.value) == f"{told} Try another."


def test_nothing_else_is_touched() -> None:
    with pytest.raises(ValueError, match="a26ef2ee"), told_by_use(FILES):
        raise ValueError("a26ef2ee")
