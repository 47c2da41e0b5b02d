"""`garrick speak` and `garrick voices`: a text said by any voice, and which voices there are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from garrick.errors import Cancelled, GarrickError, InputError
from garrick.terminal import Reporter, one_line_errors, reporter, run_interruptible

if TYPE_CHECKING:
    from garrick.speech.catalogue import Voice

# Heavy imports lie inside the commands, so that `garrick --help` answers at once.


def speak(
    text: Annotated[
        str, typer.Argument(help='What to say; may hold <break time="300ms"/>, <emphasis>...</emphasis> and [laugh].')
    ],
    voice: Annotated[str, typer.Option(help="A name of garrick voices, or a mix: kokoro:A*0.6+B*0.4.")] = "hibari",
    language: Annotated[
        str | None, typer.Option(help="Of the text, e.g. de or fr; else the voice's own.", show_default=False)
    ] = None,
    speed: Annotated[float, typer.Option(help="How fast, 0.5 to 2; 1 is usual.")] = 1.0,
    pitch: Annotated[float, typer.Option(help="Semitones up, -12 to 12.")] = 0.0,
    out: Annotated[Path, typer.Option(help="The WAV; phones and words go to the .json beside it.")] = Path("voice.wav"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")] = False,
) -> None:
    """Say a text: a WAV that says of itself that it is synthetic, and its phones, words and marks with their times."""
    tell = reporter(as_json)
    how = {"voice": voice, "language": language, "speed": speed, "pitch": pitch}
    try:
        _speak(text, out, how, tell)
    except (GarrickError, KeyboardInterrupt) as raised:
        error = Cancelled() if isinstance(raised, KeyboardInterrupt) else raised
        tell.error(error)
        tell.close()
        if isinstance(error, Cancelled):
            os._exit(error.exit_code)  # a thread may still be speaking; no file has been begun
        raise typer.Exit(error.exit_code) from None
    finally:
        tell.close()


def voices(
    languages: Annotated[bool, typer.Option("--languages", help="List the languages instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the voices: engine, languages, sex, licence, and whether each is here or what to run to get it."""
    with one_line_errors():
        _list_languages(as_json) if languages else _list_voices(as_json)


def _speak(text: str, out: Path, how: dict[str, Any], tell: Reporter) -> None:
    from garrick.context import RunContext

    if out.suffix.lower() != ".wav":
        raise InputError(f"{out.name} must end in .wav.")
    ctx = RunContext(progress=tell.progress, log=tell.log)
    speech = run_interruptible(lambda: _work(text, ctx, how), ctx.cancel)
    from garrick.outputs.files import make_folder
    from garrick.outputs.shot import write_speech
    from garrick.outputs.sound import write_spoken

    make_folder(out.parent)
    times = out.with_suffix(".json")
    write_speech(times, speech)
    write_spoken(out, speech.playback, speech.playback_rate, how["voice"])
    facts = {"seconds": round(speech.duration, 3), "words": len(speech.words), "marks": len(speech.marks)}
    told = f"{out}: {speech.duration:.1f} s, {len(speech.words)} words by {how['voice']}; times in {times.name}."
    tell.result([told], {"files": {"wav": str(out), "times": str(times)}, "voice": how["voice"], **facts})


def _work(text: str, ctx: Any, how: dict[str, Any]) -> Any:
    from garrick.speech.voices import speak  # here, so that Ctrl-C ends the import too

    return speak(text, ctx, **how)


def _list_voices(as_json: bool) -> None:
    from garrick.speech.catalogue import VOICES, language_names

    if as_json:
        listed = [
            {
                "name": voice.name,
                "engine": voice.engine,
                "languages": language_names(voice),
                "sex": voice.sex,
                "licence": voice.licence,
                "here": not _missing(voice),
                "fix": _missing(voice),
            }
            for voice in VOICES.values()
        ]
        typer.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("name", "engine", "languages", "sex", "licence", "here", box=None, pad_edge=False)
    for voice in VOICES.values():
        spoken = "all: garrick voices --languages" if voice.speaks() is None else _shortened(voice.languages)
        table.add_row(voice.name, voice.engine, spoken, voice.sex, voice.licence, _missing(voice) or "yes")
    Console().print(table)
    typer.echo("Kokoro's voices can be mixed: kokoro:af_heart*0.6+bf_emma*0.4")


def _list_languages(as_json: bool) -> None:
    from garrick.speech.reading.languages import languages

    known = languages()
    typer.echo(json.dumps(known, indent=2, ensure_ascii=False) if as_json else _columns(known))


def _columns(known: dict[str, str]) -> str:
    width = max(map(len, known))
    return "\n".join(f"{code:{width}}  {name}" for code, name in known.items())


def _shortened(languages: tuple[str, ...]) -> str:
    return languages[0] if len(languages) == 1 else f"{languages[0]} and {len(languages) - 1} more"


def _missing(voice: Voice) -> str:
    """What to do before it can speak; "" when it is here."""
    from garrick.errors import MissingError

    try:
        voice.check()
    except MissingError as error:
        return error.fix or str(error)
    return ""
