"""Other programs that find mouth shapes in a voice, run on the same recordings as ours.

None of them is needed by Garrick. Those that are not installed are named with how to get them.
"""

from __future__ import annotations

from pathlib import Path

from garrick.benchmarks.peers import headaudio, openfacefx, pocketsphinx, rhubarb
from garrick.benchmarks.peers.peer import Clip, Peer, PeerError

__all__ = ["Clip", "Peer", "PeerError", "peers"]


def peers(node_packages: Path | None = None) -> list[Peer]:
    """Every peer that is known, those that are absent too.

    node_packages: the folder in which `npm install` put packages; the current folder when None.
    """
    folder = (node_packages or Path.cwd()).resolve()
    return [*pocketsphinx.peers(), *openfacefx.peers(), *rhubarb.peers(folder), *headaudio.peers(folder)]
