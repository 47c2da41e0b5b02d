"""The list of jobs: what it shows of each, and what can be done about it."""

from __future__ import annotations

import time

import bpy
import pytest
from recording_layout import draw_panels

from blender_addon import tasks
from blender_addon.answers import ServiceError
from blender_addon.backend_link import link
from blender_addon.client import connect
from blender_addon.jobs import history, places, work
from blender_addon.jobs.inputs import asked
from blender_addon.shot_import.props import shots_of

LONG = {"size": [256, 256], "fps": "60"}


def keys():
    return [line.name for line in bpy.context.window_manager.garrick_jobs]


def elsewhere(service, **settings):
    """A job of another client; its record when it rests."""
    client = connect(service.data)
    job = {"portrait": client.upload(service.portrait), "audio": client.upload(service.voice),
           "size": [128, 128], "fps": "12", **settings}  # fmt: skip
    return client.wait(client.submit(job, "of another", consent=True)["id"])


def pump_until(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        tasks.pump()
        time.sleep(0.02)


def test_jobs_of_other_clients_are_listed_and_imported(linked, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "work.blend"))
    record = elsewhere(linked)
    bpy.ops.garrick.refresh_jobs()
    assert keys()[0] == record["id"]
    assert bpy.ops.garrick.take_up_job(key=record["id"]) == {"FINISHED"}
    (shot,) = shots_of(bpy.context.scene)
    assert shot.garrick.job_id == record["id"]
    assert len([row for row in history.rows() if row.id == record["id"]]) == 1
    assert places.fetched_folder(record["id"]) == tmp_path / "garrick" / "of another"


def test_what_was_fetched_is_imported_again_without_the_service(inputs, monkeypatch, tmp_path):
    bpy.ops.garrick.perform()
    id = shots_of(bpy.context.scene)[0].garrick.job_id
    bpy.ops.garrick.refresh_jobs()
    history.runs.clear()
    monkeypatch.setenv("GARRICK_DATA", str(tmp_path / "nowhere"))
    assert bpy.ops.garrick.take_up_job(key=id) == {"FINISHED"}
    first, second = shots_of(bpy.context.scene)
    assert first.garrick.job == second.garrick.job
    assert bpy.path.abspath(first.garrick.folder) == bpy.path.abspath(second.garrick.folder)


def test_a_job_is_cancelled_and_goes_on_from_the_list(inputs):
    scene = bpy.context.scene
    scene.garrick_settings.size, scene.garrick_settings.fps = LONG["size"], LONG["fps"]
    run = work.perform(scene, asked(scene))
    work.begin(run, tasks.start)
    assert work.chosen_key() == run.key
    pump_until(lambda: run.task.phase == "frames" and run.task.done > 1)
    drawn = draw_panels(bpy.context)["GARRICK_PT_jobs"]
    assert any(text.startswith("Rendering frames: ") for text in drawn.texts())
    assert "garrick.cancel_job" in drawn.buttons()
    assert bpy.ops.garrick.cancel_job() == {"FINISHED"}
    assert history.find(run.key).state == "cancelling"
    pump_until(lambda: run.task.state != "running")
    assert history.find(run.key).state == "cancelled"
    assert "Resume" in draw_panels(bpy.context)["GARRICK_PT_jobs"].texts()
    assert not shots_of(scene)
    assert bpy.ops.garrick.take_up_job() == {"FINISHED"}
    assert len(shots_of(scene)) == 1
    assert len([row for row in history.rows() if row.id == run.id]) == 1


def test_a_job_of_another_client_is_cancelled(linked):
    client = connect(linked.data)
    job = {"portrait": client.upload(linked.portrait), "audio": client.upload(linked.voice), **LONG}
    id = client.submit(job, "theirs", consent=True)["id"]
    bpy.ops.garrick.refresh_jobs()
    assert history.elsewhere()
    assert history.find(id).state in ("queued", "running")
    assert bpy.ops.garrick.cancel_job(key=id) == {"FINISHED"}
    assert client.wait(id)["state"] == "cancelled"
    bpy.ops.garrick.refresh_jobs()
    assert history.find(id).state == "cancelled"


def test_a_deleted_job_is_gone_from_the_service_and_its_shot_stays(inputs):
    bpy.ops.garrick.perform()
    (shot,) = shots_of(bpy.context.scene)
    id = shot.garrick.job_id
    bpy.ops.garrick.refresh_jobs()
    assert bpy.ops.garrick.delete_job(key=id) == {"FINISHED"}
    assert history.find(id) is None
    assert id not in keys()
    with pytest.raises(ServiceError, match="no job"):
        connect(link.settings().data).job(id)
    assert bpy.path.abspath(shot.garrick.folder)
    assert places.fetched_folder(id) is not None


def test_an_error_shows_its_sentence_and_its_fix(inputs):
    scene = bpy.context.scene
    run = work.perform(scene, asked(scene))

    def refuse(handle):
        raise ServiceError("consent", "Nobody has confirmed yet.", "Confirm it.")

    run.task._work = refuse
    with pytest.raises(ServiceError):
        work.begin(run, tasks.run)
    row = history.find(run.key)
    assert (row.state, row.problem.kind) == ("failed", "consent")
    drawn = draw_panels(bpy.context)["GARRICK_PT_jobs"]
    assert {"Nobody has confirmed yet.", "Confirm it.", "Try Again"} <= set(drawn.texts())
    assert "garrick.give_consent" in drawn.buttons()
    assert not run.folder.exists()
    assert bpy.ops.garrick.delete_job() == {"FINISHED"}
    assert run.key not in keys()


def test_a_failed_start_is_tried_again_with_the_same_inputs(inputs):
    scene = bpy.context.scene
    run = work.perform(scene, asked(scene))

    def refuse(handle):
        raise ServiceError("unreachable", "Nobody there.")

    run.task._work = refuse
    with pytest.raises(ServiceError):
        work.begin(run, tasks.run)
    inputs.portrait = ""
    assert bpy.ops.garrick.take_up_job(key=run.key) == {"FINISHED"}
    (shot,) = shots_of(scene)
    assert '"portrait"' in shot.garrick.job


def test_a_service_that_is_not_there_is_said_so(addon, tmp_path, monkeypatch):
    monkeypatch.setenv("GARRICK_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(RuntimeError, match="backend"):
        bpy.ops.garrick.refresh_jobs()


def test_nothing_chosen_is_said_so(addon):
    for operator in (bpy.ops.garrick.take_up_job, bpy.ops.garrick.restore_job, bpy.ops.garrick.delete_job):
        with pytest.raises(RuntimeError, match="Choose a job"):
            operator()
        with pytest.raises(RuntimeError, match="no job 01X"):
            operator(key="01X")


def test_its_settings_are_put_back(inputs):
    scene = bpy.context.scene
    scene.garrick_settings.expression = 1.5
    bpy.ops.garrick.perform()
    scene.garrick_settings.expression, inputs.audio = 0.5, ""
    assert bpy.ops.garrick.restore_job() == {"FINISHED"}
    assert scene.garrick_settings.expression == 1.5
    assert inputs.audio
