"""blender_addon/tasks.py: long work beside the window, heard of on the main thread."""

from __future__ import annotations

import threading
import time

import bpy
import pytest

from blender_addon import tasks
from blender_addon.tasks import Cancelled, Handle, Task


@pytest.fixture(autouse=True)
def nothing_left():
    yield
    tasks.unregister()


def pump_until_over(task: Task) -> None:
    end = time.monotonic() + 10
    while task.state == "running" and time.monotonic() < end:
        tasks.pump()
        time.sleep(0.005)


def wait_for_cancel(handle: Handle) -> None:
    handle.cancelled.wait(10)
    handle.check()


def test_the_work_runs_beside_and_its_end_is_heard_on_the_main_thread():
    threads = []

    def work(handle: Handle) -> int:
        threads.append(threading.current_thread())
        return 42

    heard = []
    task = tasks.start(Task("Counting", work, lambda result: heard.append((result, threading.current_thread()))))
    assert tasks.running() == [task]
    time.sleep(0.1)
    assert heard == []
    pump_until_over(task)
    assert heard == [(42, threading.main_thread())]
    assert threads[0] is not threading.main_thread()
    assert task.state == "done"
    assert tasks.running() == []


def test_the_timer_goes_on_while_something_runs_and_then_ends():
    task = tasks.start(Task("Waiting", wait_for_cancel))
    assert bpy.app.timers.is_registered(tasks.pump)
    assert tasks.pump() is not None
    task.cancel()
    pump_until_over(task)
    assert tasks.pump() is None


@pytest.mark.parametrize("way", ["start", "run"])
def test_what_the_work_raises_reaches_the_one_who_asked(way):
    def work(handle: Handle) -> None:
        raise ValueError("no voice in it")

    heard = []
    task = Task("Listening", work, failed=heard.append)
    if way == "start":
        pump_until_over(tasks.start(task))
    else:
        with pytest.raises(ValueError, match="no voice in it"):
            tasks.run(task)
    assert [str(error) for error in heard] == ["no voice in it"]
    assert task.state == "failed"
    assert task.error is heard[0]
    assert tasks.running() == []


def test_a_result_that_cannot_be_used_counts_as_failed():
    def use(result: int) -> None:
        raise OSError("disk full")

    heard = []
    task = tasks.start(Task("Making", lambda handle: 1, use, heard.append))
    pump_until_over(task)
    assert task.state == "failed"
    assert [str(error) for error in heard] == ["disk full"]


def test_one_that_is_cancelled_hears_it_and_says_so():
    heard = []
    task = tasks.start(Task("Waiting", wait_for_cancel, failed=heard.append))
    assert not task.cancelling
    task.cancel()
    assert task.cancelling
    pump_until_over(task)
    assert task.state == "cancelled"
    assert isinstance(heard[0], Cancelled)


def test_one_that_ends_in_spite_of_a_cancel_is_done():
    task = Task("Finishing", lambda handle: "whole")
    task.cancel()
    assert tasks.run(task) == "whole"
    assert task.state == "done"


def test_run_gives_the_result_and_calls_back_on_the_main_thread():
    heard = []
    assert tasks.run(Task("Counting", lambda handle: 7, lambda result: heard.append(threading.current_thread()))) == 7
    assert heard == [threading.main_thread()]


def test_progress_tells_phase_steps_and_the_time_to_go():
    steps = threading.Event()

    def work(handle: Handle) -> None:
        handle.progress("reading", 0, 10)
        handle.progress("frames", 0, 4)
        time.sleep(0.2)
        handle.progress("frames", 1, 4)
        steps.set()
        wait_for_cancel(handle)

    task = tasks.start(Task("Rendering", work))
    assert task.remaining() is None
    steps.wait(10)
    assert (task.phase, task.done, task.total) == ("frames", 1, 4)
    remaining = task.remaining()
    assert remaining is not None
    assert 0.55 < remaining < 5  # three steps of 0.2 s and more
    task.cancel()
    pump_until_over(task)
    assert task.remaining() is None


def test_the_log_keeps_its_last_lines():
    def work(handle: Handle) -> None:
        for number in range(2000):
            handle.log(str(number))

    task = Task("Talking", work)
    tasks.run(task)
    assert task.lines[-1] == "1999"
    assert 100 <= len(task.lines) <= 1000


def test_a_callback_that_breaks_does_not_stop_the_others(capsys):
    def broken(error: Exception) -> None:
        raise RuntimeError("the callback itself")

    def fail(handle: Handle) -> None:
        raise ValueError

    tasks.start(Task("Failing", fail, failed=broken))
    heard = []
    task = tasks.start(Task("Working", lambda handle: "well", heard.append))
    pump_until_over(task)
    assert heard == ["well"]
    assert "the callback itself" in capsys.readouterr().err


def test_a_change_of_the_scene_is_one_undo_step():
    bpy.ops.ed.undo_push(message="before")

    def change(result: str) -> None:
        bpy.data.objects.new("first", None)
        bpy.data.objects.new("second", None)

    task = tasks.start(Task("Importing", lambda handle: "", change, undo="Import"))
    pump_until_over(task)
    assert {"first", "second"} <= set(bpy.data.objects.keys())
    bpy.ops.ed.undo()
    assert not {"first", "second"} & set(bpy.data.objects.keys())
    bpy.ops.ed.redo()
    assert {"first", "second"} <= set(bpy.data.objects.keys())


def test_switching_off_stops_everything_and_tells_nobody():
    heard, stopped = [], threading.Event()

    def work(handle: Handle) -> None:
        handle.cancelled.wait(10)
        stopped.set()

    tasks.start(Task("Waiting", work, heard.append, heard.append))
    tasks.unregister()
    assert stopped.wait(5)
    assert tasks.running() == []
    assert not bpy.app.timers.is_registered(tasks.pump)
    tasks.pump()
    assert heard == []
