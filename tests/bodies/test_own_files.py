"""A user's own MANO files: found, told of, refused where they are none, and what curves are made for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from garrick.bodies.build_hands import ensure_built
from garrick.bodies.hand import angles, load_hand, posed_hand
from garrick.bodies.mano import read_mano
from garrick.bodies.own_files import FOLDER, hand_file
from garrick.core.archive import save_arrays
from garrick.doctor import _own_hands, examine
from garrick.errors import InputError, MissingError
from garrick.job import Job
from garrick.motion.gestures.shapes import hand_shape
from garrick.stages import motion_key

pytestmark = pytest.mark.usefixtures("body_data")


@pytest.fixture(autouse=True)
def shapes_anew():
    yield hand_shape.cache_clear()
    hand_shape.cache_clear()


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with both hands of somebody whose fingers fan out more, in MANO's format without what is ours alone."""
    (tmp_path / "mano").mkdir()
    for side, path in ensure_built().items():
        arrays = read_mano(path)
        for name in ("quads", "tip_vertex_ids", "credits"):
            arrays.pop(name)
        template = arrays["v_template"].copy()
        template[:, 2] *= 1.2
        save_arrays(tmp_path / "mano" / f"MANO_{side.upper()}.npz", arrays | {"v_template": template})
    monkeypatch.setenv(FOLDER, str(tmp_path))
    return tmp_path


def test_without_a_folder_the_hands_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    assert hand_file("left") is None
    assert posed_hand("left") is load_hand("left")


def test_shapes_turn_about_the_user_s_own_joints(own: Path) -> None:
    hand = posed_hand("right")
    assert hand.credits.startswith("MANO")
    assert np.abs(hand.axes - load_hand("right").axes).max() > 0.01
    bent = angles(hand, hand_shape("fist", "right"))
    np.testing.assert_allclose(np.degrees(bent[0]), (85, 0, 0), atol=1e-3)  # the first joint of the index finger
    assert np.abs(np.degrees(angles(load_hand("right"), hand_shape("fist", "right")))[0, 1:]).max() > 0.5


def test_frames_keep_our_own_hands(own: Path) -> None:
    assert load_hand("right") is not posed_hand("right")
    assert load_hand("right").credits.startswith("Hands: CC0")


def test_doctor_tells_what_it_found(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = next(check for check in examine() if check.name == "own hands")
    assert check.ok
    assert "right, 1609 vertices" in check.detail
    (own / "mano" / "MANO_LEFT.npz").unlink()
    (check,) = _own_hands()
    assert not check.ok
    assert "MANO_LEFT" in check.detail
    monkeypatch.delenv(FOLDER)
    assert not list(_own_hands())


def test_wrong_folders_and_files_are_said(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own / "MANO_RIGHT.pkl").write_bytes(b"hello")  # the nearer place is looked at first
    with pytest.raises(InputError, match="MANO_RIGHT"):
        posed_hand("right")
    left, right = (own / "mano" / f"MANO_{side}.npz" for side in ("LEFT", "RIGHT"))
    left.write_bytes(right.read_bytes())
    with pytest.raises(InputError, match="not a left hand"):
        posed_hand("left")
    monkeypatch.setenv(FOLDER, str(own / "nowhere"))
    with pytest.raises(MissingError, match="nowhere"):
        posed_hand("left")


def test_motion_is_made_anew_for_other_hands(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    portrait = own / "portrait.png"
    portrait.write_bytes(b"a picture")
    job = Job.model_validate({"portrait": portrait, "text": "Hello."})
    theirs = motion_key(job)
    monkeypatch.delenv(FOLDER)
    assert motion_key(job) != theirs
