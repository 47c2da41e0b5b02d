"""Reads the files of a Sphinx-3 acoustic model: parameters, quantised mixture weights, and which senones a triphone has.

Formats: CMU Sphinx (s3_gau binary files, a "sendump", a binary model definition "BMDF", all little-endian here).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

_HEADER_END = b"endhdr\n"
_WEIGHT_STEP = 1024 * np.log(1.0001)  # a weight w of a sendump stands for the probability 1.0001 ** (-1024 w)
_TREE = np.dtype([("context", "<i2"), ("children", "<i2"), ("down", "<i4")])
_PHONE = np.dtype([("sequence", "<i4"), ("transitions", "<i4"), ("kind", "u1", 4)])
_PLACES = 4  # in a word: inside, first, last, alone


def read_parameters(file: Path) -> np.ndarray:
    """Means or variances -> (B, S, D, K) float32 of B codebooks, S streams, D densities, K numbers each."""
    raw = file.read_bytes()
    at = raw.index(_HEADER_END) + len(_HEADER_END) + 4  # the byte order mark is not needed
    codebooks, streams, densities = np.frombuffer(raw, "<u4", 3, at).tolist()
    length, *_, count = np.frombuffer(raw, "<u4", streams + 1, at + 12).tolist()
    numbers = np.frombuffer(raw, "<f4", count, at + 16 + 4 * streams)  # a checksum follows
    return numbers.reshape(codebooks, streams, densities, length)


def read_weights(file: Path, streams: int) -> np.ndarray:
    """A sendump -> (S, D, N) float32: the natural log weight of each density in each senone."""
    raw = file.read_bytes()
    at = 0
    while length := int(np.frombuffer(raw, "<i4", 1, at)[0]):  # the header: strings, the last one empty
        at += 4 + length
    densities, senones = np.frombuffer(raw, "<i4", 2, at + 4)
    weights = np.frombuffer(raw, np.uint8, streams * densities * senones, at + 12)
    return (weights.reshape(streams, densities, senones) * -_WEIGHT_STEP).astype(np.float32)


class Definition:
    """Which three senones each phone has between two others.

    phones:    names of the phones, which are the codebooks as well.
    senones:   how many there are.
    """

    def __init__(self, file: Path) -> None:
        raw = file.read_bytes()
        at = 12 + int(np.frombuffer(raw, "<i4", 1, 8)[0])  # behind "BMDF", the version, and the format's description
        counts = np.frombuffer(raw, "<i4", 10, at).tolist()
        count, triphones, states, _, self.senones, _, sequences, _, nodes, _ = counts
        at += 40
        names = raw[at:].split(b"\0", count)[:count]
        self.phones = [name.decode() for name in names]
        at += -(-sum(len(name) + 1 for name in names) // 4) * 4
        self._tree = np.frombuffer(raw, _TREE, nodes, at)
        at += self._tree.nbytes
        self._triphones = np.frombuffer(raw, _PHONE, triphones, at)
        at += self._triphones.nbytes + 4  # and the count of sequences' numbers
        self._sequences = np.frombuffer(raw, "<u2", sequences * states, at).reshape(sequences, states)

    def of(self, before: int, phone: int, after: int, place: int) -> tuple[int, ...]:
        """The senones of a phone between two others, or `alone` where the model never met that.

        place: in its word, 0 inside, 1 first, 2 last, 3 alone; another one is as good where this one is not known.
        """
        for where in (place, *(other for other in range(_PLACES) if other != place)):
            found = self._find((where, phone, before, after))
            if found >= 0:
                return self._senones(found)
        return self.alone(phone)

    def alone(self, phone: int) -> tuple[int, ...]:
        """The senones of a phone, whatever is beside it."""
        return self._senones(phone)  # the phones are the first of the triphones

    def codebooks(self) -> np.ndarray:
        """(N,) int64: the phone whose densities each senone mixes."""
        owners = np.empty(self.senones, np.int64)
        own = self._triphones["kind"][:, 1].astype(np.int64)  # of a triphone its phone; the phones come first
        own[: len(self.phones)] = np.arange(len(self.phones))
        owners[self._sequences[self._triphones["sequence"]]] = own[:, None]
        return owners

    def _senones(self, triphone: int) -> tuple[int, ...]:
        return tuple(self._sequences[self._triphones["sequence"][triphone]].tolist())

    def _find(self, path: tuple[int, ...]) -> int:
        """Walk down the tree of contexts -> the triphone, or -1."""
        first, count = 0, _PLACES
        for context in path:
            level = self._tree[first : first + count]
            (found,) = np.nonzero(level["context"] == context)
            if not len(found):
                return -1
            node = level[found[0]]
            first, count = int(node["down"]), int(node["children"])
        return first  # a leaf has no children, and names its triphone
