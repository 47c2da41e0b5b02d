"""espeak-ng in a process of its own: reads requests from standard input, answers on standard output.

espeak-ng is GPL-3.0-or-later and Garrick is not, so its library is loaded here only, and a crash of it ends nothing else.
Run by `garrick.speech.espeak`. A request is a line of JSON; an answer is a line of JSON, and after one that says
{"samples": N} follow N little-endian 16-bit samples.

    {"do": "languages"}                                     -> {"languages": {"de": "German", ...}}
    {"do": "read", "language": "de", "text": "..."}         -> {"words": [[position, length, [ipa, ...]] or null, ...]}
    {"do": "say", "language": "de+f3", "text": "...", "words_per_minute": 175, "pitch": 50, "gap": 0}
                                                            -> {"samples": N, "rate": 22050}

position: of the word's first character in the text, from 0. null: a clause ends. Anything wrong: {"error": "..."}.
"""

from __future__ import annotations

import ctypes
import json
import sys
from typing import Any

import espeakng_loader

_RETRIEVAL, _PHONEME_EVENTS, _PHONEME_IPA, _DO_NOT_EXIT = 1, 1, 2, 0x8000  # speak_lib.h
_UTF8 = 1
_RATE, _PITCH, _WORD_GAP = 1, 3, 7
_USUAL = {_RATE: 175, _PITCH: 50, _WORD_GAP: 0}
_SEED = 1  # of breath noise; 0 would mean the time of day
_END_OF_EVENTS, _WORD, _END_OF_CLAUSE, _PHONEME = 0, 1, 5, 7


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("identifier", ctypes.c_uint),
        ("position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("id", _Id),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.POINTER(ctypes.c_char)),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class _Engine:
    """The library, and what the last synthesis gave."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self._callback = _Callback(self._take)  # kept: the library holds only its address
        self._pcm = bytearray()
        self._words: list[tuple[int, int, list[str]] | None] = []
        data = espeakng_loader.get_data_path().encode()
        options = _PHONEME_EVENTS | _PHONEME_IPA | _DO_NOT_EXIT
        self.rate: int = self._library.espeak_Initialize(_RETRIEVAL, 0, data, options)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng cannot be started")
        self._library.espeak_SetSynthCallback(self._callback)
        self.names: dict[str, str] = {}
        self._files: dict[str, bytes] = {}
        listed, index = self._library.espeak_ListVoices(None), 0
        while listed[index]:
            voice = listed[index].contents
            code = ctypes.string_at(ctypes.addressof(voice.languages.contents) + 1).decode().lower()
            self.names[code], self._files[code] = voice.name.decode().strip(), voice.identifier
            index += 1

    def speak(self, language: str, text: str, manner: dict[int, int]) -> tuple[bytes, list[Any]]:
        """PCM, and the words with their phones; manner: parameters that are not as usual."""
        self._pcm.clear()
        self._words.clear()
        code, plus, variant = language.partition("+")
        voice = self._files[code] + (plus + variant).encode()
        if self._library.espeak_SetVoiceByName(voice) != 0:
            raise ValueError(f"no voice {language}")
        for parameter, value in {**_USUAL, **manner}.items():
            self._library.espeak_SetParameter(parameter, value, 0)
        self._library.espeak_ng_SetRandSeed(_SEED)
        data = text.encode() + b"\0"
        if self._library.espeak_Synth(data, len(data), 0, 1, 0, _UTF8, None, None) != 0:
            raise RuntimeError("espeak-ng cannot speak")
        self._library.espeak_Synchronize()
        return bytes(self._pcm), [word for word in self._words if word is None or word[2]]

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._pcm += ctypes.string_at(samples, 2 * count)
        index = 0
        while events[index].type != _END_OF_EVENTS:
            event = events[index]
            if event.type == _WORD:
                self._words.append((event.position - 1, event.length, []))
            elif event.type == _END_OF_CLAUSE:
                self._words.append(None)
            elif event.type == _PHONEME:
                ipa = event.id.string.decode("utf-8", "ignore")  # eight bytes: a long one loses its last mark
                if ipa.startswith("("):  # "(en)": it goes on by the rules of another language
                    ipa = ""
                if ipa and (not self._words or self._words[-1] is None):
                    self._words.append((max(0, event.position - 1), 0, []))
                if ipa:
                    self._words[-1][2].append(ipa)  # type: ignore[index]
            index += 1
        return 0


def _answer(engine: _Engine, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    match request["do"]:
        case "languages":
            return {"languages": engine.names}, b""
        case "read":
            _, words = engine.speak(request["language"], request["text"], {_RATE: 450})  # the sound is not used: hurry
            return {"words": words}, b""
        case "say":
            manner = {_RATE: request["words_per_minute"], _PITCH: request["pitch"], _WORD_GAP: request["gap"]}
            pcm, _ = engine.speak(request["language"], request["text"], manner)
            return {"samples": len(pcm) // 2, "rate": engine.rate}, pcm
        case other:
            raise ValueError(f"unknown request {other}")


def main() -> None:
    """Answer until standard input ends, which it does when the process that asks ends."""
    engine = _Engine()
    for line in sys.stdin.buffer:
        try:
            answer, pcm = _answer(engine, json.loads(line))
        except (ValueError, RuntimeError) as error:
            answer, pcm = {"error": str(error)}, b""
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + pcm)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
