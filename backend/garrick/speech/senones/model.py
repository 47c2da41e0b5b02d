"""How likely the senones of known words are in each frame."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numba
import numpy as np

from garrick.speech.alphabet import ARPABET, SILENCE
from garrick.speech.senones.cepstra import STREAMS
from garrick.speech.senones.files import Definition, read_parameters, read_weights
from garrick.speech.word_chain import Triphone
from garrick.weights import registry

NEVER = np.float32(-1e30)
_LEAST_VARIANCE = 1e-4
_LIKELIEST = 8  # densities that are mixed: with 4, as Sphinx does it, half a point of the visemes is lost
_THREADS = 2
_PLACES = {(False, False): 0, (True, False): 1, (False, True): 2, (True, True): 3}


class SenoneModel:
    """The model, from the folder of its files."""

    def __init__(self) -> None:
        folder = registry.path("senones")
        means = read_parameters(folder / "means")
        precisions = 1 / np.maximum(read_parameters(folder / "variances"), _LEAST_VARIANCE)
        # the log density of x is  [x * x, x] @ slopes + offset
        slopes = np.concatenate([-0.5 * precisions, precisions * means], axis=3)
        self._slopes = slopes.transpose(0, 1, 3, 2).astype(np.float32, order="C")
        self._offsets = 0.5 * (np.log(precisions / (2 * np.pi)) - precisions * means**2).sum(axis=3).astype(np.float32)
        self._weights = np.exp(read_weights(folder / "sendump", STREAMS))
        self._definition = Definition(folder / "mdef")
        self._index = {name: index for index, name in enumerate(self._definition.phones)}
        self._codebooks = self._definition.codebooks()
        self.count = len(self._codebooks)
        self.senones = lru_cache(maxsize=20_000)(self._find)

    def _find(self, triphone: Triphone) -> tuple[int, ...]:
        """One senone for each third of the phone."""
        place = _PLACES[triphone.begins, triphone.ends]
        before, phone, after = (self._index[name] for name in triphone[:3])
        return self._definition.of(before, phone, after, place)

    def heard(self, cepstra: np.ndarray, inside: np.ndarray) -> np.ndarray:
        """(T, 40) float32 natural log likelihoods of ARPABET and silence, whatever is beside them.

        inside: (T,) bool; NEVER stands where it is False.
        """
        alone = np.array([self._definition.alone(self._index[symbol]) for symbol in (*ARPABET, SILENCE)])
        wanted = np.repeat(inside[:, None], alone.size, axis=1)
        return self.likelihoods(cepstra, alone.ravel(), wanted).reshape(-1, *alone.shape).max(axis=2)

    def likelihoods(self, cepstra: np.ndarray, senones: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """(T, M) float32 natural log likelihoods of (M,) int64 senones in (T, 3, 13) cepstra.

        wanted: (T, M) bool; NEVER stands where it is False.
        """
        seen = np.concatenate([cepstra * cepstra, cepstra], axis=2).transpose(1, 0, 2).copy()
        found = np.where(wanted, np.float32(0), NEVER)
        owners = self._codebooks[senones]

        def mix(codebook: int) -> None:
            (columns,) = np.nonzero(owners == codebook)
            (frames,) = np.nonzero(wanted[:, columns].any(axis=1))
            for stream in range(STREAMS):
                weights = self._weights[stream][:, senones[columns]]
                slopes, offsets = self._slopes[codebook, stream], self._offsets[codebook, stream]
                _add_mixtures(seen[stream], slopes, offsets, weights, frames, columns, found)

        # the compiled code leaves Python's lock, and each phone has columns of its own
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(mix, np.unique(owners).tolist()))
        return found


@numba.njit(cache=True, boundscheck=False, fastmath=True, nogil=True)
def _add_mixtures(seen, slopes, offsets, weights, frames, columns, found):
    """Add the log of each column's mixture of the likeliest densities, which are all but the whole of it."""
    densities = np.empty(len(offsets), np.float32)
    best, values = np.zeros(_LIKELIEST, np.int64), np.empty(_LIKELIEST, np.float32)
    total = np.empty(len(columns), np.float32)
    for frame in frames:
        densities[:] = offsets
        for number in range(len(slopes)):
            for density in range(len(densities)):
                densities[density] += seen[frame, number] * slopes[number, density]
        values[:] = NEVER
        for density in range(len(densities)):
            if densities[density] > values[-1]:
                place = _LIKELIEST - 1
                while place > 0 and densities[density] > values[place - 1]:
                    values[place], best[place] = values[place - 1], best[place - 1]
                    place -= 1
                values[place], best[place] = densities[density], density
        total[:] = 0
        for place in range(_LIKELIEST):
            share = np.exp(values[place] - values[0])
            for index in range(len(total)):
                total[index] += share * weights[best[place], index]
        for index in range(len(total)):
            found[frame, columns[index]] += np.log(total[index]) + values[0]


@lru_cache(maxsize=1)
def load_senones() -> SenoneModel:
    """The model, loaded once. Raises MissingError when set-up has not fetched it."""
    return SenoneModel()
