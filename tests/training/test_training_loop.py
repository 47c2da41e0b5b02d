"""The loop that every net is trained in: what its curve says of a run that was begun more than once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from garrick.training.loop import Schedule, fit

SCHEDULE = Schedule(steps=4, rate=1e-2, fall=0.5, decay=0.0, memory=0.9)


def trained(folder: Path, stop: int | None = None) -> list[str]:
    """Steps in the curve after a run, which may be stopped before a step."""
    torch.manual_seed(0)
    net = torch.nn.Linear(2, 1)

    def loss_of(step: int) -> torch.Tensor:
        if step == stop:
            raise KeyboardInterrupt
        return net(torch.ones(3, 2)).square().mean()

    fit(net, SCHEDULE, loss_of, lambda other: 0.0, folder / "net.pt", folder / "net.csv")
    return [row.split(",")[0] for row in (folder / "net.csv").read_text().splitlines()]


def test_a_run_that_ended_before_its_first_checkpoint_leaves_no_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("garrick.training.loop._LOG", 1)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, stop=3)
    assert not (tmp_path / "net.pt").exists()
    assert (tmp_path / "net.csv").read_text().count("\n") == 3
    assert trained(tmp_path) == ["1", "2", "3", "4"]
