"""Which path renders, on machines with and without a GPU."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from garrick.context import RunContext
from garrick.errors import InputError, MissingError
from garrick.rendering.torch_engine import device


@pytest.fixture(autouse=True)
def asked_anew():
    device.usable_gpu.cache_clear()
    yield
    device.usable_gpu.cache_clear()


def test_without_a_driver_there_is_none_and_torch_is_not_loaded():
    asked = (
        "import sys; from garrick.rendering.torch_engine import device; device._driver = lambda: False;"
        "print(device.usable_gpu(), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "False"]


def test_a_gpu_that_torch_can_use_renders_when_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(device, "_driver", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "A GPU")
    monkeypatch.setattr(torch, "ones", lambda size, device: torch.zeros(size))
    assert device.renderer("cuda") == "A GPU"
    assert device.renderer("cpu") == device.PROCESSOR
    with pytest.raises(InputError, match="no device npu"):
        device.renderer("npu")


def test_a_gpu_that_torch_cannot_use_is_refused(monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("no kernel image is available for execution on the device")

    monkeypatch.setattr(device, "_driver", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", fails)
    with pytest.raises(MissingError, match="no NVIDIA GPU"):
        device.renderer("cuda")


def test_a_driver_whose_gpus_are_hidden_is_none(monkeypatch):
    monkeypatch.setattr(device, "_driver", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device.usable_gpu() is None


def test_the_environment_names_the_device(monkeypatch):
    monkeypatch.delenv("GARRICK_DEVICE", raising=False)
    assert RunContext().device == "cpu"
    monkeypatch.setenv("GARRICK_DEVICE", "cuda")
    assert RunContext().device == "cuda"
