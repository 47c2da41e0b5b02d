import numpy as np
import pytest
from garrick.speech import fusion
from garrick.speech.alphabet import ARPABET, SILENCE
from garrick.speech.recogniser import BLANK

ORDER = (*ARPABET, SILENCE)
FRAMES = 100
VOICE = np.ones(40, np.float32)
NO_SENONES = np.zeros((FRAMES, 40), np.float32)
EVERYWHERE = np.ones(FRAMES, bool)


def own(*runs: tuple[str, int, int], sure: float = 0.9) -> np.ndarray:
    """(FRAMES, 40) log probabilities: (phone, first, stop), silence elsewhere."""
    rows = np.full((FRAMES, 40), (1 - sure) / 39)
    rows[:, -1] = sure
    for symbol, first, stop in runs:
        rows[first:stop] = (1 - sure) / 39
        rows[first:stop, ORDER.index(symbol)] = sure
    return np.log(rows).astype(np.float32)


def spikes(*heard: tuple[str, float]) -> np.ndarray:
    """(FRAMES / 2, 40) of hama: a sure spike at each (phone, seconds)."""
    rows = np.full((FRAMES // 2, 40), 1e-8)
    rows[:, BLANK] = 1
    for symbol, time in heard:
        rows[int(time / 0.02)] = 1e-8
        rows[int(time / 0.02), ORDER.index(symbol)] = 1
    return np.log(rows).astype(np.float32)


def decoded(rows: np.ndarray, heard: np.ndarray, spans: list[tuple[float, float]]) -> list[str]:
    """The symbols of 100 frames."""
    path, _ = fusion.decode(rows, heard, NO_SENONES, VOICE, fusion.frames_in(spans, FRAMES))
    return [ORDER[symbol] for symbol in path]


def test_both_nets_agreeing_keep_the_own_nets_edges() -> None:
    found = decoded(own(("AA", 30, 40), ("S", 40, 52)), spikes(("AA", 0.37), ("S", 0.47)), [(0.0, 1.0)])
    assert found[30:52] == ["AA"] * 10 + ["S"] * 12
    assert set(found[:30]) == {SILENCE}


def test_a_closure_that_hama_hears_is_shown_though_the_own_net_doubts_it() -> None:
    rows = own(("AA", 20, 40), ("N", 40, 50), ("IY", 50, 70), sure=0.6)
    found = decoded(rows, spikes(("AA", 0.28), ("M", 0.47), ("IY", 0.57)), [(0.0, 1.0)])
    assert "M" in found[38:52]


def test_a_closure_that_only_the_own_net_sees_is_not_shown() -> None:
    rows = own(("AA", 20, 40), ("M", 40, 46), ("IY", 46, 70), sure=0.6)
    found = decoded(rows, spikes(("AA", 0.28), ("N", 0.47), ("IY", 0.57)), [(0.0, 1.0)])
    assert "M" not in found


def test_nothing_is_said_outside_the_spans() -> None:
    found = decoded(own(("AA", 10, 90)), spikes(("AA", 0.5)), [(0.3, 0.6)])
    assert set(found[:29]) == set(found[62:]) == {SILENCE}
    assert found[45] == "AA"


@pytest.mark.parametrize("frames", [1, 2, 7])
def test_short_sounds_are_decoded(frames: int) -> None:
    path, sure = fusion.decode(
        own()[:frames], spikes()[: -(-frames // 2)], NO_SENONES[:frames], VOICE[:1], EVERYWHERE[:frames]
    )
    assert path.shape == sure.shape == (frames,)


def test_both_nets_agreeing_are_surer_than_either_against_the_other() -> None:
    rows = own(("AA", 30, 42), ("S", 42, 54))
    _, agreed = fusion.decode(rows, spikes(("AA", 0.37), ("S", 0.48)), NO_SENONES, VOICE, EVERYWHERE)
    _, divided = fusion.decode(rows, spikes(("AA", 0.37), ("T", 0.48)), NO_SENONES, VOICE, EVERYWHERE)
    assert 0.8 < agreed[44:52].mean() <= 1.0
    assert divided[44:52].mean() < agreed[44:52].mean() - 0.2


def test_where_both_nets_waver_the_senones_decide() -> None:
    rows = own(("AA", 20, 40), ("AA", 40, 52), sure=0.3)
    rows[40:52, ORDER.index("S")] = rows[40:52, ORDER.index("AA")]
    senones = NO_SENONES.copy()
    senones[40:52, ORDER.index("S")] = 20.0
    for likely, wanted in ((senones, "S"), (NO_SENONES, "AA")):
        path, _ = fusion.decode(rows, spikes(("AA", 0.28)), likely, VOICE, EVERYWHERE)
        assert ORDER[path[46]] == wanted
