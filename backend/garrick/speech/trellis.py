"""Best paths through frames: symbols in one of the orders that a lattice allows, or the likeliest symbols in any order.

Both are Viterbi searches over log evidence of 10 ms frames, in compiled code. The search through a lattice keeps a window
of nodes around the best one, so its memory grows with the sound and not with sound times text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

BEGIN, NONE = -2, -1
_NEVER = np.float32(-1e30)


@dataclass(frozen=True)
class Lattice:
    """Symbols, and in which orders they may come.

    sounds:  (N, K) int64, the columns of evidence that each node passes through, one after the other; a node comes after
             all those that it may follow.
    before:  (N, M) int64, the nodes that each may follow, or BEGIN; then NONE.
    costs:   (N, M) float32, what each such step costs, log.
    ends:    (N,) bool, whether a path may end there.
    """

    sounds: np.ndarray
    before: np.ndarray
    costs: np.ndarray
    ends: np.ndarray


def follow(evidence: np.ndarray, lattice: Lattice, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The best path through a lattice -> (P,) int64 its nodes, (P + 1,) int64 the frame at which each begins, and the end.

    evidence: (T, S) log evidence of S sounds in each frame; T is at least the number of nodes on the shortest path.
    width:    nodes that are looked at in one frame.
    A node passes through its first sounds alone when there are too few frames for all.
    """
    fewest = int(_fewest(lattice.before, lattice.ends))
    if len(evidence) < fewest:
        raise ValueError(f"{len(evidence)} frames cannot hold {fewest} symbols.")
    passed = max(1, min(lattice.sounds.shape[1], len(evidence) // fewest))
    states = _follow(
        evidence.astype(np.float32, copy=False),
        lattice.sounds[:, :passed].copy(),
        lattice.before,
        lattice.costs.astype(np.float32),
        lattice.ends,
        min(width, len(lattice.sounds)),
    )
    nodes = states // passed
    starts = np.flatnonzero(np.diff(nodes, prepend=-1))
    return nodes[starts], np.append(starts, len(evidence)).astype(np.int64)


def decode(evidence: np.ndarray, change: float, least: int) -> np.ndarray:
    """(T, K) log evidence -> (T,) int64: the likeliest symbol of each frame.

    change: log cost of going to another symbol; least: frames that a symbol has at least.
    """
    if len(evidence) < least:
        return np.full(len(evidence), int(evidence.sum(axis=0).argmax()) if len(evidence) else 0, np.int64)
    return _free(evidence.astype(np.float32), np.float32(change), least)


@numba.njit(cache=True, boundscheck=False)
def _fewest(before, may_end):
    """How many nodes the shortest path has."""
    count, most = before.shape
    steps = np.full(count, count + 1, np.int64)
    shortest = count + 1
    for node in range(count):
        for index in range(most):
            other = before[node, index]
            if other == NONE:
                break
            length = 1 if other == BEGIN else steps[other] + 1
            steps[node] = min(steps[node], length)
        if may_end[node]:
            shortest = min(shortest, steps[node])
    return shortest


@numba.njit(cache=True, boundscheck=False)
def _follow(evidence, sounds, before, costs, ends, width):
    """(T,) int64 state of each frame on the best path. A node has a state for each of its sounds; each may repeat."""
    frames = len(evidence)
    count, most = before.shape
    least = sounds.shape[1]
    last = least - 1
    score = np.full((count, least), _NEVER, np.float32)
    moves = np.zeros((frames, width, least), np.uint8)  # 0 stays, 1 comes from the state before, 2 + i from before[i]
    lows = np.zeros(frames, np.int64)
    low = best = 0
    for frame in range(frames):
        # the window follows the best node, and the end must stay in reach
        hurry = count - width - (frames - 1 - frame) // least
        wanted = max(low, hurry, min(best - width // 2, count - width))
        score[low:wanted] = _NEVER
        low = wanted
        lows[frame] = low
        top = _NEVER
        # from the end, so that what is read is still of the frame before
        for node in range(min(low + width, count) - 1, low - 1, -1):
            for state in range(last, -1, -1):
                value, move = score[node, state], 0
                if state > 0:
                    if score[node, state - 1] > value:
                        value, move = score[node, state - 1], 1
                else:
                    for index in range(most):
                        other = before[node, index]
                        if other == NONE:
                            break
                        came = score[other, last] if other >= 0 else (np.float32(0) if frame == 0 else _NEVER)
                        if came - costs[node, index] > value:
                            value, move = came - costs[node, index], 2 + index
                value += evidence[frame, sounds[node, state]]
                score[node, state] = value
                moves[frame, node - low, state] = move
                if value > top:
                    top, best = value, node
    node, state = count - 1, last
    for other in range(count):
        if ends[other] and (not ends[node] or score[other, last] > score[node, last]):
            node = other
    path = np.empty(frames, np.int64)
    for frame in range(frames - 1, -1, -1):
        path[frame] = node * least + state
        move = moves[frame, node - lows[frame], state]
        if move == 1:
            state -= 1
        elif move > 1:
            node, state = before[node, move - 2], last
    return path


@numba.njit(cache=True, boundscheck=False)
def _free(evidence, change, least):
    """(T,) int64 best symbol of each frame, any symbol after any other."""
    frames, count = evidence.shape
    score = np.full(count, -1e30)  # of the best path whose run of this symbol ends before the frame
    began = np.zeros(count, np.int64)  # where that run began
    best = np.zeros(frames + 1)  # of all symbols, before each frame
    who = np.zeros(frames + 1, np.int64)
    since = np.zeros(frames + 1, np.int64)
    for frame in range(least, frames + 1):
        before = frame - least
        top = 0
        for symbol in range(count):
            # a run of exactly `least` frames, or one that goes on
            enter = best[before] - change if before > 0 else 0.0
            for own in range(before, frame):
                enter += evidence[own, symbol]
            if before > 0 and before < least:
                enter = -1e30
            score[symbol] += evidence[frame - 1, symbol]
            if enter > score[symbol]:
                score[symbol] = enter
                began[symbol] = before
            if score[symbol] > score[top]:
                top = symbol
        best[frame] = score[top]
        who[frame] = top
        since[frame] = began[top]
    path = np.empty(frames, np.int64)
    frame = frames
    while frame > 0:
        path[since[frame] : frame] = who[frame]
        frame = since[frame]
    return path
