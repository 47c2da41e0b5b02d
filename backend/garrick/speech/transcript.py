"""A text that a recording is said to say, placed in it; where the two disagree the sound is believed.

First the text is found in the sound (`matching`): that says which words were spoken and roughly when, and which parts of
the sound the text lacks. Then the words are placed exactly (`alignment`), stretch by stretch, and judged once more by how
well they fit there. What does not fit is heard as if there were no text, and a warning names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from garrick.errors import InputError
from garrick.speech import acoustic, alignment, features, matching
from garrick.speech.alignment import SENONES, SENONES_IN_NOISE, Sounds
from garrick.speech.alphabet import SILENCE
from garrick.speech.matching import Match
from garrick.speech.noise import rows_for_text_in_noise
from garrick.speech.pauses import rows_for_text
from garrick.speech.phones import gapless, heard_in
from garrick.speech.presence import find_speech
from garrick.speech.reading import SpokenWord
from garrick.speech.senones.cepstra import cepstra
from garrick.speech.speech import Phone, Speech, Word

_CHANCE = 2.0  # so many times the logarithm of the places where it could be, a text scores by chance
_POORLY = 0.7  # such a mean below which noise may be why: clean recordings have 0.8 and more
_FASTEST, _SLOWEST = 0.03, 0.30  # seconds a phone
_FEW = 14  # phones of lost words that may as well have been slurred
_EXTRA = 0.4  # seconds of sound that the text lacks before it counts
_PIECE, _PAUSE = 1000, 15  # frames: words are placed in pieces of at least this length, cut at pauses of this length
_SURE = 1.0  # score of the phones on both sides of such a pause
_SHORTEST = 0.1  # seconds: less sound than that says nothing
_MOST_TOLD, _MOST_LETTERS = 6, 80  # places that are named in warnings, letters of each


@dataclass(frozen=True)
class Doubt:
    """When a text is not believed.

    fits:     mean score of the phones of a text, or of the sound if it has fewer, below which it is another text.
    doubtful: score below which a placed phone speaks against its word.
    wrong:    sum of such doubts at which words were not said.
    """

    fits: float
    doubtful: float
    wrong: float


ENGLISH = Doubt(0.4, 0.0, 8.0)
FOREIGN = Doubt(0.15, -0.6, 14.0)
"""The nets know English: the sounds of other languages are told apart less well, so their texts are believed longer."""


@dataclass(frozen=True)
class Transcript:
    """A text in its recording.

    phones:   gapless, pauses as "SIL".
    words:    one for each word of the text, in order; None for one that was not said.
    warnings: sentences that name what was not said, and when something else was.
    """

    phones: tuple[Phone, ...]
    words: tuple[Word | None, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Stretch:
    """Frames first .. stop of the recording.

    words:  indexes of the words that are said there; none where the text has nothing for it.
    lost:   indexes of the words that the text has there and nobody says; only where `words` is empty.
    spoken: the phones of each word as it is said, once they are placed.
    phones: where they are, with pauses as "SIL".
    """

    first: int
    stop: int
    words: range = range(0)
    lost: range = range(0)
    spoken: tuple[tuple[str, ...], ...] = ()
    phones: tuple[Phone, ...] = ()


def place_transcript(waveform: np.ndarray, words: Sequence[SpokenWord], doubt: Doubt = ENGLISH) -> Transcript:
    """Place the words of a text in the recording of it.

    waveform: (N,) float32, 16 kHz mono.
    doubt:    ENGLISH or FOREIGN, as the text is.
    Raises InputError when nobody speaks.
    """
    rows, placing, detected = rows_for_text(waveform)
    symbols = [symbol for word in words for symbol in word.phones]
    found = matching.match(placing, symbols)
    trust = SENONES
    if float(found.score.mean()) < _POORLY:
        quieter = rows_for_text_in_noise(waveform, detected)
        found_then = matching.match(quieter, symbols)
        if found_then.score.mean() > found.score.mean():
            placing, found, trust = quieter, found_then, SENONES_IN_NOISE
    stretches = [_Stretch(0, len(rows), lost=range(len(words)))]
    if _fits(found, doubt):
        shares = matching.phone_shares(placing, found.starts, found.stops)
        rough = _stretches(found, words, len(rows))
        sounds = Sounds(placing, cepstra(waveform) if doubt is ENGLISH else None, trust)
        parts = [part for stretch in rough for part in _placed(stretch, sounds, words, shares, doubt)]
        if _is_useful(parts, found, len(words)):
            stretches = parts
    heard = _hear(waveform, rows, detected, stretches)
    phones: list[Phone] = []
    times: list[Word | None] = [None] * len(words)
    for stretch in stretches:
        phones += stretch.phones or _within(heard, stretch)
        for index, own in zip(stretch.words, _by_word(stretch), strict=True):
            times[index] = Word(words[index].text, own[0].start, own[-1].end)
    warnings = _warnings(stretches, heard, words)
    return Transcript(gapless(phones, len(waveform) / Speech.SAMPLE_RATE), tuple(times), warnings)


def _fits(found: Match, doubt: Doubt) -> bool:
    """Whether as much of the text was found as chance alone does not give."""
    heard, known = len(found.starts), len(found.place)
    return float(found.score.sum()) >= max(doubt.fits * min(heard, known), _CHANCE * np.log1p(abs(heard - known)))


def _is_useful(stretches: Sequence[_Stretch], found: Match, count: int) -> bool:
    """Whether half of the text is said, or half of what is said is in the text."""
    with_words = [stretch for stretch in stretches if stretch.words]
    explained = sum(
        int(((found.starts >= stretch.first) & (found.starts < stretch.stop)).sum()) for stretch in with_words
    )
    return sum(len(stretch.words) for stretch in with_words) >= count / 2 or explained >= len(found.starts) / 2


# --- which words belong to which part of the sound


def _stretches(found: Match, words: Sequence[SpokenWord], frames: int) -> list[_Stretch]:
    """Cover the sound with stretches in which words are said, and others that the text has no words for."""
    bounds = np.cumsum([0, *(len(word.phones) for word in words)])
    ends: dict[int, tuple[int, int]] = {}  # of each word that was found: the first and last heard phone of it
    for index, (first, stop) in enumerate(pairwise(bounds.tolist())):
        places = found.place[first:stop]
        if (places >= 0).any() and found.jumped[first:stop].mean() <= 0.5:
            ends[index] = int(places[places >= 0][0]), int(places[places >= 0][-1])
    covering: list[_Stretch] = []
    begin, first = 0, 0
    for before, after in pairwise([-1, *ends, len(words)]):
        inner = before >= 0 and after < len(words)
        one = ends[before][1] if before >= 0 else -1
        other = ends[after][0] if after < len(words) else len(found.starts)
        lost = range(before + 1, after)
        few = inner and bounds[after] - bounds[before + 1] <= _FEW
        seam = _unknown(found, one, other, frames, few)
        if seam is not None:
            start, stop = seam
        elif not inner:
            start = stop = 0 if before < 0 else frames
        elif _is_pause(found, one, other, begin) and _are_sure(found, bounds[after]):
            start = stop = _middle(found, one, frames)
        else:
            continue
        if before >= 0:
            covering.append(_Stretch(begin, start, words=range(first, before + 1)))
        if lost or stop > start:
            covering.append(_Stretch(start, stop, lost=lost))
        begin, first = stop, after
    return covering


def _unknown(found: Match, one: int, other: int, frames: int, few: bool) -> tuple[int, int] | None:
    """First and last frame of the sound between two heard phones that the words around do not explain.

    few: hardly any words are lost between them, so that only much unknown sound counts. None where there is too little.
    """
    between = np.arange(one + 1, other)
    unknown = between[found.unknown[one + 1 : other]] if few else between
    if few and (found.stops - found.starts)[unknown].sum() * features.HOP < _EXTRA:
        return None
    if not len(unknown):
        return _middle(found, one, frames), _middle(found, one, frames)
    return _middle(found, int(unknown[0]) - 1, frames), _middle(found, int(unknown[-1]), frames)


def _middle(found: Match, heard: int, frames: int) -> int:
    """The frame between a heard phone and the next; the sound's ends before the first and after the last."""
    if heard < 0:
        return 0
    return frames if heard + 1 >= len(found.starts) else int(found.stops[heard] + found.starts[heard + 1]) // 2


def _is_pause(found: Match, one: int, other: int, begin: int) -> bool:
    """Whether a piece that began at a frame may end between two heard phones."""
    return (
        other == one + 1
        and found.starts[other] - found.stops[one] >= _PAUSE
        and found.stops[one] - begin >= _PIECE
    )  # fmt: skip


def _are_sure(found: Match, phone: int) -> bool:
    """Whether a known phone and the one before it were heard clearly."""
    return bool((found.score[phone - 1 : phone + 1] > _SURE).all())


# --- exact places, and whether they are believed


def _placed(
    stretch: _Stretch, sounds: Sounds, words: Sequence[SpokenWord], shares: np.ndarray, doubt: Doubt
) -> list[_Stretch]:
    """The stretch with its phones, parted where words do not fit after all; lost words that do fit are found again."""
    aligned = _aligned(stretch, sounds, words) if stretch.words else _trial(stretch, sounds, words)
    if aligned is None:
        return [stretch]
    scores = _scores(aligned, sounds.part(stretch.first, stretch.stop).rows, shares)
    if not stretch.words and np.concatenate(scores).mean() < doubt.doubtful:
        return [stretch]
    return _parted(aligned, _wrong_runs([float((doubt.doubtful - score).sum()) for score in scores], doubt.wrong))


def _trial(stretch: _Stretch, sounds: Sounds, words: Sequence[SpokenWord]) -> _Stretch | None:
    """Lost words placed where they should be; None where the time cannot be theirs."""
    count = sum(len(words[index].phones) for index in stretch.lost)
    starts, stops = matching.heard_phones(sounds.rows[stretch.first : stretch.stop])
    seconds = float((stops - starts).sum()) * features.HOP
    if not count or not _FASTEST <= seconds / count <= _SLOWEST:
        return None
    return _aligned(replace(stretch, words=stretch.lost, lost=range(0)), sounds, words)


def _aligned(stretch: _Stretch, sounds: Sounds, words: Sequence[SpokenWord]) -> _Stretch:
    part = sounds.part(stretch.first, stretch.stop)
    own = [words[index].phones for index in stretch.words]
    phones, spoken = alignment.align_as_spoken(part, own, stretch.first * features.HOP)
    return replace(stretch, spoken=tuple(spoken), phones=tuple(phones))


def _by_word(stretch: _Stretch) -> list[list[Phone]]:
    """The placed phones of each word."""
    phones = iter([phone for phone in stretch.phones if phone.symbol != SILENCE])
    return [[next(phones) for _ in word] for word in stretch.spoken]


def _scores(stretch: _Stretch, rows: np.ndarray, shares: np.ndarray) -> list[np.ndarray]:
    """For each word of a stretch, how much likelier than their share its phones are where they were placed.

    rows: (T, 40) log probabilities of the stretch's frames.
    """
    scores = []
    for own in _by_word(stretch):
        times = np.array([[phone.start, phone.end] for phone in own]) + acoustic.LEAD
        frames = np.clip(np.round(times / features.HOP).astype(int) - stretch.first, 0, max(len(rows) - 1, 0))
        starts, stops = frames[:, 0], np.maximum(frames[:, 1], frames[:, 0] + 1)
        likely = matching.likeness(rows, starts, stops, shares)
        scores.append(likely[np.arange(len(own)), [matching.index_of(phone.symbol) for phone in own]])
    return scores


def _parted(stretch: _Stretch, wrong: Sequence[tuple[int, int]]) -> list[_Stretch]:
    """Cut out the runs of words (first, stop) that were not said."""
    own = _by_word(stretch)
    parts: list[_Stretch] = []
    begin, first = stretch.first, 0
    for start, stop in wrong:
        cut, end = (_frame(own[start][0].start), _frame(own[stop - 1][-1].end))
        if start > first:
            parts.append(_share(stretch, begin, cut, range(first, start)))
        parts.append(_Stretch(cut, end, lost=range(stretch.words[start], stretch.words[stop - 1] + 1)))
        begin, first = end, stop
    if first < len(own):
        parts.append(_share(stretch, begin, stretch.stop, range(first, len(own))))
    return parts


def _wrong_runs(doubts: Sequence[float], wrong: float) -> list[tuple[int, int]]:
    """Where doubts add up to `wrong` and more -> (first, stop) of each such run, as long as it grows."""
    runs = []
    total, first, top, last = 0.0, 0, 0.0, 0
    for index, doubt in enumerate([*doubts, -np.inf]):
        total += doubt
        if total > top:
            top, last = total, index + 1
        if total <= 0 or top - total > wrong:
            if top >= wrong:
                runs.append((first, last))
            total, first, top = 0.0, index + 1, 0.0
    return runs


def _share(stretch: _Stretch, first: int, stop: int, chosen: range) -> _Stretch:
    """The part of a stretch between two frames, which holds some of its words."""
    phones = tuple(phone for phone in stretch.phones if first <= _frame(phone.start) < stop)
    own = slice(chosen.start, chosen.stop)
    return _Stretch(first, stop, words=stretch.words[own], spoken=stretch.spoken[own], phones=phones)


def _frame(time: float) -> int:
    return round((time + acoustic.LEAD) / features.HOP)


# --- what is heard where the text has no words


def _hear(waveform: np.ndarray, rows: np.ndarray, detected: np.ndarray, stretches: Sequence[_Stretch]) -> list[Phone]:
    """Phones of the whole recording as far as it has stretches without words; elsewhere they mean nothing."""
    free = [
        (stretch.first * features.HOP, stretch.stop * features.HOP)
        for stretch in stretches
        if not stretch.words and (stretch.stop - stretch.first) * features.HOP >= _SHORTEST
    ]
    if not free:
        return []
    voice, spoken = find_speech(detected, rows, len(waveform) / Speech.SAMPLE_RATE)
    if not spoken and not any(stretch.words for stretch in stretches):
        raise InputError("Nobody speaks in the recording.", "Give a recording with a clear voice in it.")
    spans = [
        (max(start, first), min(end, stop))
        for start, end in spoken
        for first, stop in free
        if min(end, stop) - max(start, first) >= _SHORTEST
    ]
    return heard_in(rows, waveform, voice, spans)


def _within(heard: Sequence[Phone], stretch: _Stretch) -> list[Phone]:
    """The part of what was heard that lies in a stretch."""
    start, end = (frame * features.HOP - acoustic.LEAD for frame in (stretch.first, stretch.stop))
    return [
        replace(phone, start=max(phone.start, start), end=min(phone.end, end))
        for phone in heard
        if min(phone.end, end) - max(phone.start, start) > features.HOP / 2
    ] or [Phone(SILENCE, start, end)]


# --- what the user is told


def _warnings(stretches: Sequence[_Stretch], heard: Sequence[Phone], words: Sequence[SpokenWord]) -> tuple[str, ...]:
    if not any(stretch.words for stretch in stretches):
        return ("The text is not what the recording says: it was left aside, and the lips follow what is heard.",)
    told = []
    for stretch in stretches:
        start, end = stretch.first * features.HOP, stretch.stop * features.HOP
        spoken = sum(phone.end - phone.start for phone in _within(heard, stretch) if phone.symbol != SILENCE)
        written = _shortened(" ".join(words[index].text for index in stretch.lost))
        if stretch.lost and spoken >= _SHORTEST:
            told.append(f"From {start:.1f} to {end:.1f} s the recording does not say “{written}” but something else.")
        elif stretch.lost:
            told.append(f"At {start:.1f} s the recording does not say “{written}”.")
        elif not stretch.words and spoken >= _EXTRA:
            told.append(f"From {start:.1f} to {end:.1f} s the recording says something that the text lacks.")
    if len(told) > _MOST_TOLD:
        told[_MOST_TOLD:] = [f"Text and recording differ in {len(told) - _MOST_TOLD} more places."]
    if told:
        told.append("Where text and recording differ the lips follow what is heard.")
    return tuple(told)


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1].rstrip()}…"
