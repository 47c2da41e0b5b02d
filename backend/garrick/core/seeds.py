"""Seeds of parts of a performance: "head=5, eyes=7" makes these anew and leaves the others as the clip's own seed does."""

from __future__ import annotations

from collections.abc import Mapping

SEEDED: tuple[str, ...] = ("face", "eyes", "head", "body")
"""What can have a seed of its own: brows and the learned mouth; gaze and blinks; the head; breath, trunk, arms and hands."""

LARGEST = 2**32 - 1


def read_seeds(words: str) -> dict[str, int]:
    """Parts and their seeds out of "head=5, eyes=7", in the order of `SEEDED`. Raises ValueError with a sentence."""
    found: dict[str, int] = {}
    for word in filter(None, (part.strip() for part in words.split(","))):
        name, equals, number = (part.strip() for part in word.partition("="))
        if not equals or name not in SEEDED:
            raise ValueError(
                f"{word[:40]!r} is no seed of a part; write it like head=5. Parts are {', '.join(SEEDED)}."
            )
        if not (number.isascii() and number.isdigit()) or len(number) > 10 or int(number) > LARGEST:
            raise ValueError(f"The seed of the {name} must be a whole number from 0 to {LARGEST}.")
        found[name] = int(number)
    return {name: found[name] for name in SEEDED if name in found}


def write_seeds(seeds: Mapping[str, int]) -> str:
    """What `read_seeds` reads."""
    return ", ".join(f"{name}={seeds[name]}" for name in SEEDED if name in seeds)
