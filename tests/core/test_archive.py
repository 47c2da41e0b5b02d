"""Archives from strangers: read whole or refused, never more memory than was allowed."""

from __future__ import annotations

import io
import zipfile
from fractions import Fraction

import numpy as np
import pytest
from garrick.core.archive import load_arrays, save_arrays
from garrick.core.performance import Performance


def test_what_numpy_writes_is_read(tmp_path):
    arrays = {
        "empty": np.zeros((0, 3)),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "text": np.array("hé"),
        "flags": np.array([True, False]),
    }
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    back = load_arrays(tmp_path / "a.npz")
    assert back.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array)
        assert back[name].dtype == array.dtype


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    save_arrays(tmp_path / "a.npz", {"zeros": np.zeros(5_000_000)})
    assert (tmp_path / "a.npz").stat().st_size < 1_000_000
    with pytest.raises(ValueError, match="more than 1 MB"):
        load_arrays(tmp_path / "a.npz", 1e6)


def test_a_header_that_claims_more_than_there_is_takes_no_memory(tmp_path):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": (10**15,)})
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", buffer.getvalue() + bytes(80))
    with pytest.raises(ValueError, match="not a readable"):
        load_arrays(tmp_path / "a.npz")


def test_a_pickle_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{}], object))
    with pytest.raises(ValueError, match="not a readable"):
        load_arrays(tmp_path / "a.npz")


def test_a_changed_file_is_refused_or_read_but_nothing_else(tmp_path):
    """1,000 performances with bytes changed or cut off: a ValueError, or a sound performance."""
    Performance.rest(20, Fraction(25)).save(tmp_path / "a.npz")
    whole = (tmp_path / "a.npz").read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(1000):
        data = bytearray(whole[: rng.integers(1, len(whole))] if rng.random() < 0.2 else whole)
        for place in rng.integers(0, len(data), rng.integers(1, 6)):
            data[place] = rng.integers(256)
        (tmp_path / "b.npz").write_bytes(data)
        try:
            assert len(Performance.load(tmp_path / "b.npz")) == 20
        except ValueError:
            refused += 1
    assert refused > 500


@pytest.mark.parametrize(
    "header",
    [
        '{"schema": 1, "fps": ["1e999999999"], "audio": null, "tracks": {}}',
        '{"schema": 1, "fps": [25, 0], "audio": null, "tracks": {}}',
        '{"schema": 1, "fps": [25, 1], "audio": {"name": "a", "offset": "x"}, "tracks": {}}',
        '{"schema": 1, "fps": [25, 1], "audio": {"name": "a", "offset": NaN}, "tracks": {}}',
        '{"schema": 1, "fps": [25, 1], "audio": null, "tracks": []}',
        "[]",
        "{",
    ],
)
def test_a_header_of_other_things_is_refused(tmp_path, header):
    Performance.rest(2, Fraction(25)).save(tmp_path / "a.npz")
    save_arrays(tmp_path / "b.npz", load_arrays(tmp_path / "a.npz") | {"header": np.array(header)})
    with pytest.raises(ValueError, match=r"."):
        Performance.load(tmp_path / "b.npz")
