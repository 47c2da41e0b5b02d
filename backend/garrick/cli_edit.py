"""`garrick edit`: a performance's curves changed in groups, on the command line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from garrick.errors import InputError
from garrick.terminal import one_line_errors

if TYPE_CHECKING:
    from garrick.core.performance import Performance
    from garrick.core.speech_times import SpeechTimes

# Heavy imports lie inside the commands, so that `garrick --help` answers at once.

_SPAN = re.compile(r"(\d+\.?\d*|\.\d+)?\s*-\s*(\d+\.?\d*|\.\d+)?")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


def edit(
    performance: Annotated[Path, typer.Argument(help="A performance.npz, or the shot folder that holds one.")],
    to: Annotated[Path, typer.Option(help="The performance.npz to write.", metavar="FILE")],
    trim: Annotated[str | None, typer.Option(help="Keep these seconds, e.g. 1.5-4 or 2-.")] = None,
    voice: Annotated[
        Path | None,
        typer.Option(
            help="Another recording of the same words: a sound, a shot folder, or the .json that garrick speak wrote; "
            "motion goes where each sound is said there.",
        ),
    ] = None,
    blend: Annotated[
        Path | None, typer.Option(help="Another performance, mixed in by --share.", metavar="PERFORMANCE")
    ] = None,
    share: Annotated[str, typer.Option(help="Of --blend: 0 is none of it, 1 is all; or jaw=1,head=0.3.")] = "0.5",
    layer: Annotated[
        Path | None, typer.Option(help="A performance whose edited curves are laid over these.", metavar="PERFORMANCE")
    ] = None,
    gain: Annotated[
        str | None, typer.Option(help="How much larger, 1 changes nothing: 1.2, or jaw=1.3,head=0.5.")
    ] = None,
    about_average: Annotated[
        bool, typer.Option("--about-average", help="Gain about each curve's own mean instead of rest.")
    ] = False,
    offset: Annotated[
        str | None,
        typer.Option(help="Constants to add: weights, and degrees for head and gaze; jawOpen=-0.05,head.pitch=5."),
    ] = None,
    smooth: Annotated[
        str | None, typer.Option(help="Seconds to smooth over, without lag; sealed lips stay: 0.04, or head=0.1.")
    ] = None,
    loop: Annotated[float | None, typer.Option(help="Fade the last so many seconds into the first: no seam.")] = None,
    reduce: Annotated[
        str | None,
        typer.Option(
            help="Largest error of few keys joined by lines: 0.01 of a weight, half as many radians, a twentieth in metres."
        ),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="Write the keys of --reduce as JSON, too.", metavar="FILE.json")
    ] = None,
) -> None:
    """Change curves: trim, voice, blend, layer, gain, offset, smooth, loop, reduce, in this order.

    Numbers count for everything or for groups: face, upper-face, lower-face, jaw, tongue, eyes, head, body, hands,
    left-hand, right-hand, or single weights such as mouthSmileLeft. For another order run it twice.
    """
    import numpy as np

    from garrick.core import clips
    from garrick.core.keyframes import Bounds, Keys, few_keys, save_keys, with_keys
    from garrick.core.merging import merged
    from garrick.core.timing import nearest_frame
    from garrick.files import make_folder, whole_file
    from garrick.inputs import read_performance

    with one_line_errors():
        if to.suffix != ".npz":
            raise InputError(f"{to.name} must end in .npz.")
        if keys is not None and reduce is None:
            raise InputError("--keys writes the keys of --reduce.", "Add --reduce 0.01.")
        source = _file(performance)
        clip = read_performance(source)
        if to.exists() and to.samefile(source):
            raise InputError("The file to write is the one to read.", "Name another one.")
        found: dict[str, Keys] = {}
        try:
            said = _said(source)
            if trim is not None:
                clip, said = _trimmed(clip, said, trim)
            if voice is not None:
                clip, said = _on_voice(clip, said or _heard_beside(clip, source), voice)
            if blend is not None:
                other = read_performance(_file(blend))
                for groups, part in _amounts(share, "--share", most=1.0):
                    clip = clips.blended(clip, other, part, groups)
            if layer is not None:
                clip = merged(clip, read_performance(_file(layer)))
            for groups, factor in _amounts(gain, "--gain"):
                clip = clips.amplified(clip, factor, groups, about_average)
            if offset is not None:
                clip = clips.shifted(clip, _offsets(offset))
            sealed_at = np.zeros(0) if said is None else said.sealed_at()
            for groups, seconds in _amounts(smooth, "--smooth"):
                clip = clips.smoothed(clip, seconds, groups, sealed_at)
            if loop is not None:
                clip = clips.looped(clip, loop)
            shut = [nearest_frame(at, clip.fps) for at in sealed_at if 0 <= at < clip.duration]
            for groups, error in _amounts(reduce, "--reduce"):
                found |= few_keys(clip, Bounds().scaled(error), groups, shut)
            clip = with_keys(clip, found)
        except ValueError as error:
            raise InputError(str(error)) from error
        make_folder(to.parent)
        with whole_file(to) as aside:
            clip.save(aside)
        if keys is not None:
            make_folder(keys.parent)
            with whole_file(keys) as aside:
                save_keys(aside, found, clip)
    count = sum(len(curve.frames) for curve in found.values())
    told = f", {count} keys for {len(found) * len(clip)} values" if found else ""
    typer.echo(f"{to}: {len(clip)} frames at {float(clip.fps):.6g} a second{told}.")


def _file(path: Path) -> Path:
    return path / "performance.npz" if path.is_dir() else path


def _said(source: Path) -> SpeechTimes | None:
    """What is said in the shot that a performance lies in; None where nobody wrote it down. Raises ValueError."""
    from garrick.core.speech_times import read_speech_times

    beside = source.with_name("speech.json")
    return read_speech_times(beside) if beside.is_file() else None


def _heard_beside(clip: Performance, source: Path) -> SpeechTimes:
    """What is said in the sound that a performance names. Raises InputError."""
    from garrick.core.retiming import through

    sound = None if clip.audio is None else source.with_name(clip.audio.name)
    if clip.audio is None or sound is None or not sound.is_file():
        fix = "Name its shot folder, or put its sound beside it."
        raise InputError(f"Nobody knows what is said in {source.name}.", fix)
    return _heard(sound).moved(through([(0.0, clip.audio.offset)]))


def _heard(voice: Path) -> SpeechTimes:
    """What is said in a sound, a shot folder or a file of phones. Raises InputError, ValueError."""
    from garrick.context import RunContext
    from garrick.core.speech_times import SpeechTimes, read_speech_times

    if voice.is_dir():
        return read_speech_times(voice / "shot.json")
    if voice.suffix.lower() == ".json":
        return read_speech_times(voice)
    from garrick.speech import listen

    speech = listen.run(voice, None, RunContext())
    return SpeechTimes((), tuple((phone.symbol, phone.start, phone.end) for phone in speech.phones), voice)


def _trimmed(clip: Performance, said: SpeechTimes | None, span: str) -> tuple[Performance, SpeechTimes | None]:
    """The frames of some seconds, "1.5-4", "2-" or "-3"; at least one. Raises InputError."""
    from garrick.core.retiming import through
    from garrick.core.timing import nearest_frame

    match = _SPAN.fullmatch(span.strip())
    if match is None:
        raise InputError(f"--trim {span} is no span of seconds.", "Give one such as 1.5-4, 2- or -3.")
    first = nearest_frame(float(match[1] or 0), clip.fps)
    last = len(clip) if match[2] is None else min(nearest_frame(float(match[2]), clip.fps), len(clip))
    if first >= last:
        raise InputError(f"--trim {span} leaves nothing of {clip.duration:.4g} seconds.")
    shift = through([(0.0, -first / float(clip.fps))])
    return clip.frames(first, last), said and said.moved(shift)


def _on_voice(clip: Performance, said: SpeechTimes, voice: Path) -> tuple[Performance, SpeechTimes]:
    from garrick.core.performance import AudioReference
    from garrick.core.retiming import align, retimed

    new = _heard(voice)
    sound = None if new.audio is None else AudioReference(new.audio.name)
    return retimed(clip, align(said.phones, new.phones), sound), new


def _amounts(words: str | None, option: str, most: float = math.inf) -> Iterator[tuple[tuple[str, ...], float]]:
    """Groups and the number that each shall have, of "1.2" or "jaw=1.3,head=0.5". Raises InputError, ValueError."""
    from garrick.core.groups import WHOLE, listed

    if words is None:
        return
    for name, number in _pairs(words, option):
        if not 0 <= number <= most:
            raise InputError(
                f"{option} {words} is out of range.", "It counts from 0" + (" to 1." if most == 1 else ".")
            )
        yield WHOLE if name is None else listed(name), number


def _offsets(words: str) -> dict[str, float]:
    """Curve -> weight or radians, of "jawOpen=-0.05,head.pitch=5". Raises InputError."""
    from garrick.core.clips import ANGLES

    pairs = list(_pairs(words, "--offset"))
    if any(name is None for name, _ in pairs):
        raise InputError("--offset needs the curves to shift.", "Name them: --offset jawOpen=-0.05,head.pitch=5.")
    return {name or "": math.radians(amount) if name in ANGLES else amount for name, amount in pairs}


def _pairs(words: str, option: str) -> Iterator[tuple[str | None, float]]:
    for word in words.split(","):
        name, equals, number = word.rpartition("=")
        if not _NUMBER.fullmatch(number.strip()) or bool(equals) != bool(name.strip()):
            raise InputError(
                f"{option} {words} cannot be read.", "Give a number, or names with numbers: jaw=1.2,head=0.5."
            )
        yield (name.strip() if equals else None), float(number)
