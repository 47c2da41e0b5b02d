"""Best paths through frames: known phones placed in a sound, or the likeliest phones of it.

Both are Viterbi searches over log evidence of 10 ms frames, in compiled code. The search for known phones keeps a window
of states around the best one, so its memory grows with the sound and not with sound times text.
"""

from __future__ import annotations

import numba
import numpy as np

_NEVER = np.float32(-1e30)


def align(evidence: np.ndarray, symbols: np.ndarray, pauses: np.ndarray, least: int, width: int) -> np.ndarray:
    """Place a chain of known symbols -> (S + 1,) int64: the frame at which each begins, and where the last one ends.

    evidence: (T, K) float32 log evidence of K symbols in each frame.
    symbols:  (S,) int64, in order, 0 .. K - 1.
    pauses:   (S,) bool: this one may be left out (its begin is then its end).
    least:    frames that a symbol has at least; fewer are taken when the sound is too short for that.
    width:    states that are kept at once.
    """
    count = len(symbols)
    needed = int((~pauses).sum())
    least = max(1, min(least, len(evidence) // max(needed, 1)))
    if len(evidence) < needed:  # nothing to search: share out what there is
        return np.linspace(0, len(evidence), count + 1).astype(np.int64)
    owner = np.repeat(np.arange(count), least)
    state_symbols = symbols[owner]
    last = np.tile(np.arange(least) == least - 1, count)
    # a pause may be jumped over: from the last state before it to the first one after it
    jumps = np.zeros(len(owner), np.int64)
    firsts = np.arange(0, len(owner), least)
    jumps[firsts[1:]] = np.where(pauses[:-1], least + 1, 0)
    ends = [len(owner) - 1] + ([len(owner) - 1 - least] if pauses[-1] and count > 1 else [])
    begins = [0] + ([least] if pauses[0] and count > 1 else [])
    path = _chain(
        evidence.astype(np.float32),
        state_symbols,
        last,
        jumps,
        np.array(begins),
        np.array(ends),
        min(width, len(owner)),
    )
    starts = np.searchsorted(owner[path], np.arange(count), side="left")
    return np.concatenate([starts, [len(evidence)]]).astype(np.int64)


def decode(evidence: np.ndarray, change: float, least: int) -> np.ndarray:
    """(T, K) log evidence -> (T,) int64: the likeliest symbol of each frame.

    change: log cost of going to another symbol; least: frames that a symbol has at least.
    """
    if len(evidence) < least:
        return np.full(len(evidence), int(evidence.sum(axis=0).argmax()) if len(evidence) else 0, np.int64)
    return _free(evidence.astype(np.float32), np.float32(change), least)


@numba.njit(cache=True, boundscheck=False)
def _chain(evidence, symbols, last, jumps, begins, ends, width):
    """(T,) int64 state of each frame on the best path through the chain.

    last: (N,) bool, the state may repeat; jumps: (N,) int64, how far back its second predecessor is, or 0.
    """
    frames, count = len(evidence), len(symbols)
    score = np.full(count, _NEVER, np.float32)
    fresh = np.full(count, _NEVER, np.float32)
    for state in begins:
        score[state] = evidence[0, symbols[state]]
    moves = np.zeros((frames, width), np.uint8)
    lows = np.zeros(frames, np.int64)
    low = 0
    best = begins[-1]
    for frame in range(1, frames):
        # the end must stay in reach, and the window follows the best state
        wanted = max(low, min(best - width // 2, count - width))
        for state in range(low, wanted):
            score[state] = _NEVER
        low = max(low, wanted)
        lows[frame] = low
        high = min(low + width, count)
        top = _NEVER
        for state in range(low, high):
            value, move = _NEVER, 0
            if last[state]:
                value = score[state]
            if state > 0 and score[state - 1] > value:
                value, move = score[state - 1], 1
            jump = jumps[state]
            if jump > 0 and state >= jump and score[state - jump] > value:
                value, move = score[state - jump], 2
            value += evidence[frame, symbols[state]]
            fresh[state] = value
            moves[frame, state - low] = move
            if value > top:
                top = value
                best = state
        score, fresh = fresh, score
        for state in range(max(0, low - 1), low):
            score[state] = _NEVER
        for state in range(high, min(high + 1, count)):
            score[state] = _NEVER
    state = ends[0]
    for other in ends:
        if score[other] > score[state]:
            state = other
    path = np.empty(frames, np.int64)
    for frame in range(frames - 1, -1, -1):
        path[frame] = state
        if frame > 0:
            move = moves[frame, state - lows[frame]]
            if move == 1:
                state -= 1
            elif move == 2:
                state -= jumps[state]
    return path


@numba.njit(cache=True, boundscheck=False)
def _free(evidence, change, least):
    """(T,) int64 best symbol of each frame, any symbol after any other."""
    frames, count = evidence.shape
    total = np.zeros((frames + 1, count), np.float64)  # of each symbol's evidence before a frame
    for frame in range(frames):
        for symbol in range(count):
            total[frame + 1, symbol] = total[frame, symbol] + evidence[frame, symbol]
    score = np.full((frames + 1, count), -1e30)  # of the best path whose run of this symbol ends before this frame
    began = np.zeros((frames + 1, count), np.int64)
    best = np.zeros(frames + 1)
    who = np.zeros(frames + 1, np.int64)
    for frame in range(least, frames + 1):
        for symbol in range(count):
            # a run of exactly `least` frames, or one that goes on
            before = frame - least
            enter = (best[before] - change if before > 0 else 0.0) + total[frame, symbol] - total[before, symbol]
            if before > 0 and before < least:
                enter = -1e30
            stay = score[frame - 1, symbol] + evidence[frame - 1, symbol]
            if enter > stay:
                score[frame, symbol] = enter
                began[frame, symbol] = before
            else:
                score[frame, symbol] = stay
                began[frame, symbol] = began[frame - 1, symbol]
        top = 0
        for symbol in range(count):
            if score[frame, symbol] > score[frame, top]:
                top = symbol
        best[frame] = score[frame, top]
        who[frame] = top
    path = np.empty(frames, np.int64)
    frame = frames
    while frame > 0:
        symbol = who[frame]
        start = began[frame, symbol]
        path[start:frame] = symbol
        frame = start
    return path
