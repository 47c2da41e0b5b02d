"""When a stream says that its machine is too slow: for a voice that is spoken now, and never for a file."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import Any

import pytest
from garrick.motion.live_frames import somebody
from garrick.server import stream_process
from garrick.server.stream_process import Pace
from garrick.server.stream_wire import Start

CHUNK = 0.02


def told(came: list[float], done: list[float]) -> list[bool]:
    pace = Pace()
    return [
        pace.too_slow(arrived, (index + 1) * CHUNK, now)
        for index, (arrived, now) in enumerate(zip(came, done, strict=True))
    ]


def spoken(seconds: float) -> list[float]:
    return [10 + (index + 1) * CHUNK for index in range(round(seconds / CHUNK))]


def test_a_machine_that_keeps_up_is_left_alone() -> None:
    came = spoken(20)
    assert not any(told(came, [time + 0.05 for time in came]))


@pytest.mark.parametrize("slowness", [1.2, 2.0])
def test_a_machine_that_falls_behind_is_told_soon(slowness: float) -> None:
    came = spoken(10)
    words = told(came, [10 + (index + 1) * CHUNK * slowness for index in range(len(came))])
    assert any(words)
    late = Pace.LATE / (slowness - 1) + Pace.LONG
    assert (words.index(True) + 1) * CHUNK == pytest.approx(late, abs=1.0)


def test_one_slow_second_is_no_slow_machine() -> None:
    came = spoken(10)
    assert not any(told(came, [max(time + 0.05, 16.0) if 15 < time < 16 else time + 0.05 for time in came]))


def test_a_file_that_comes_at_once_is_never_late() -> None:
    came = [10 + index * 1e-4 for index in range(1000)]
    assert not any(told(came, [10 + (index + 1) * 2 * CHUNK for index in range(1000)]))


def test_only_what_is_spoken_now_can_be_behind() -> None:
    voice, file = Pace(), Pace()
    assert [voice.behind(10 + heard, heard, 10.2 + heard) for heard in (0.5, 1.0, 1.5)] == pytest.approx([0.2] * 3)
    assert [file.behind(10.0, heard, 10 + heard) for heard in (0.5, 1.0, 1.5)] == pytest.approx([0.5, 0, 0])


class Said(stream_process.Mouth):
    """A stream's output, kept."""

    def __init__(self) -> None:
        super().__init__(-1)
        self.messages: list[dict[str, Any]] = []

    def say(self, message: dict[str, Any], payload: bytes = b"") -> None:
        self.messages.append(message)


class Given(SimpleQueue):
    """A stream's input that ends."""

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        return super().get(block=False)


@pytest.mark.parametrize("slow", [False, True])
def test_a_stream_that_is_too_slow_says_once_that_it_goes_on_by_the_rules(
    slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pace, "too_slow", lambda self, came, heard: slow)
    inputs, said = Given(), Said()
    for number in range(30):
        inputs.put(({"input": number, "kind": "audio", "came": 0.0}, bytes(1280)))
    start = Start.model_validate({"type": "start"}).model_dump(mode="json")
    with pytest.raises(Empty):
        stream_process._hear(start, somebody(), inputs, said, None)
    told = [message["problem"] for message in said.messages if "problem" in message]
    assert [problem["kind"] for problem in told] == ["slow"] * slow
    assert all("rules" in problem["message"] and "learned 0" in problem["fix"] for problem in told)
    assert sum("motion" in message for message in said.messages) > 20
