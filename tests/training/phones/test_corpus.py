from pathlib import Path

import numpy as np
from garrick.training.phones.clip import Clip
from garrick.training.phones.corpus import load, write_shard


def test_a_shard_of_which_no_clip_was_kept_is_read_like_any_other(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    clip = Clip(rng.normal(0, 0.1, 8000).astype(np.float32), (("AA", 0.3), ("S", 0.5)), "made")
    empty, full = tmp_path / "a.npz", tmp_path / "b.npz"
    assert len(write_shard(empty, iter([]), rng)) == 0
    lengths = write_shard(full, iter([clip]), rng)
    both = load([empty, full])
    assert both.mels.shape == (lengths.sum(), 40)
    assert both.starts.tolist() == [0, *np.cumsum(lengths)]
    assert both.voices.tolist() == ["made", "made"]
