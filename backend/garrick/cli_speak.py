"""`garrick speak` and `garrick voices`: a text said by any voice, and which voices there are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from garrick.errors import InputError
from garrick.terminal import Reporter, ending, one_line_errors, reporter, run_interruptible

if TYPE_CHECKING:
    from garrick.context import RunContext
    from garrick.speech.catalogue import Voice
    from garrick.speech.likeness import Likeness
    from garrick.speech.speech import Speech

_PULL = "Run: garrick weights "

# Heavy imports lie inside the commands, so that `garrick --help` answers at once.


def speak(
    text: Annotated[
        str, typer.Argument(help='What to say; may hold <break time="300ms"/>, <emphasis>...</emphasis> and [laugh].')
    ],
    voice: Annotated[
        str | None,
        typer.Option(
            help="A name of garrick voices, or a mix: kokoro:A*0.6+B*0.4; hibari, or with --like the nearest.",
            show_default=False,
        ),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Of the text, e.g. de or fr; else the voice's own.", show_default=False)
    ] = None,
    speed: Annotated[float, typer.Option(help="How fast, 0.5 to 2; 1 is usual.")] = 1.0,
    pitch: Annotated[float, typer.Option(help="Semitones up, -12 to 12.")] = 0.0,
    like: Annotated[
        Path | None,
        typer.Option(help="5 to 30 s of a voice, to speak in its likeness (no cloning).", show_default=False),
    ] = None,
    consent: Annotated[
        bool, typer.Option("--consent", help="The person heard in --like agrees; asked once per clip.")
    ] = False,
    out: Annotated[Path, typer.Option(help="The WAV; phones and words go to the .json beside it.")] = Path("voice.wav"),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON event a line, for programs.")] = False,
) -> None:
    """Say a text: a WAV that says of itself that it is synthetic, and its phones, words and marks with their times."""
    tell = reporter(as_json)
    how = {"voice": voice, "language": language, "speed": speed, "pitch": pitch}
    with ending(tell):
        _speak(text, out, how, like, consent, tell)


def voices(
    languages: Annotated[bool, typer.Option("--languages", help="List the languages instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the voices: engine, languages, sex, licence, and whether each is here or what to run to get it."""
    with one_line_errors():
        _list_languages(as_json) if languages else _list_voices(as_json)


def _speak(text: str, out: Path, how: dict[str, Any], like: Path | None, consent: bool, tell: Reporter) -> None:
    from garrick.context import RunContext

    if out.suffix.lower() != ".wav":
        raise InputError(f"{out.name} must end in .wav.")
    times = out.with_suffix(".json")
    if times.exists() and not _holds_times(times):  # nobody named it: a job file, say
        raise InputError(f"{times} is there already, and holds no times of a voice.", "Choose another name with --out.")
    ctx = RunContext(progress=tell.progress, log=tell.log)
    speech, voice, likeness = run_interruptible(lambda: _work(text, ctx, how, like, consent), ctx.cancel)
    from garrick.files import make_folder
    from garrick.outputs.shot import write_speech
    from garrick.outputs.sound import write_spoken

    make_folder(out.parent)
    write_speech(times, speech)
    write_spoken(out, speech.playback, speech.playback_rate, f"{voice}, in a likeness" if likeness else voice)
    facts: dict[str, Any] = {
        "seconds": round(speech.duration, 3),
        "words": len(speech.words),
        "marks": len(speech.marks),
    }
    told = f"{out}: {speech.duration:.1f} s, {len(speech.words)} words by {voice}; times in {times.name}."
    lines = [told]
    if likeness:
        facts["likeness"] = {"before": round(likeness.before, 3), "after": round(likeness.after, 3)}
        lines.append(
            f"Likeness to {like.name if like else ''}, a cosine: {likeness.before:.2f} by {voice} alone, "
            f"{likeness.after:.2f} converted; one person's clips have .7 to .95."
        )
    tell.result(lines, {"files": {"wav": str(out), "times": str(times)}, "voice": voice, **facts})


def _holds_times(path: Path) -> bool:
    """Whether a file is what an earlier call wrote beside its WAV."""
    try:
        held = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(held, dict) and "phones" in held


def _work(
    text: str, ctx: RunContext, how: dict[str, Any], like: Path | None, consent: bool
) -> tuple[Speech, str, Likeness | None]:
    """What is said, by which voice, and how near it came when a clip was given."""
    from garrick.speech.voices import DEFAULT, speak  # here, so that Ctrl-C ends the import too

    if like is None:
        voice = how["voice"] or DEFAULT
        return speak(text, ctx, **{**how, "voice": voice}), voice, None
    from garrick.server.settings import default_data
    from garrick.speech.likeness import VoiceConsents, speak_like

    speech, likeness = speak_like(text, like, ctx, VoiceConsents(default_data() / "voice_consents"), consent, **how)
    return speech, likeness.voice, likeness


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
                "notice": voice.notice,
                "here": not _missing(voice),
                "fix": _missing(voice),
            }
            for voice in VOICES.values()
        ]
        typer.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    from rich.console import Console
    from rich.table import Column, Table

    names, licences = Column("name", no_wrap=True), Column("licence", no_wrap=True)
    table = Table(names, "engine", "languages", "sex", licences, "here", box=None, pad_edge=False)
    for voice in VOICES.values():
        spoken = "all (--languages)" if voice.speaks() is None else _shortened(voice.languages)
        licence = f"{voice.licence} (*)" if voice.notice else voice.licence
        state = _missing(voice).removeprefix(_PULL) or "yes"
        table.add_row(voice.name, voice.engine, spoken, voice.sex, licence, state)
    Console().print(table)
    typer.echo("What is not here comes with: garrick weights pull NAME")
    for voice in VOICES.values():
        if voice.notice:
            typer.echo(f"(*) {voice.name}: {voice.notice}")
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
