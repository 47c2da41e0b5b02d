"""Names by no convention: the words that people use for the movements of a face, for keys that no family knows."""

from ...core.retarget_presets import both

LABEL = "common words"

SAME = {
    "eyes": "eye", "eyelid": "eye", "eyelids": "eye", "lid": "eye", "lids": "eye",
    "brows": "brow", "eyebrow": "brow", "eyebrows": "brow",
    "lips": "mouth", "lip": "mouth", "jaw": "mouth", "chin": "mouth",
    "closed": "close", "closes": "close", "shut": "close", "opened": "open", "opens": "open", "drop": "open",
    "raise": "up", "raised": "up", "lift": "up", "lower": "down", "lowered": "down", "angry": "down", "furrow": "down",
    "kiss": "pucker", "happy": "smile", "smiling": "smile", "grin": "smile", "sad": "frown", "frowning": "frown",
    "cheeks": "cheek", "puffed": "puff", "blow": "puff", "wink": "blink", "blinking": "blink",
    "surprised": "wide", "sneering": "sneer",
}  # fmt: skip
"""Words that mean the same."""

RULES: tuple[tuple[frozenset[str], tuple[tuple[str, float], ...]], ...] = tuple(
    (frozenset(words.split()), recipe)
    for words, recipe in (
        ("eye blink", both("eyeBlink")),
        ("eye close", both("eyeBlink")),
        ("eye squint", both("eyeSquint")),
        ("eye wide", both("eyeWide")),
        ("brow inner up", (("browInnerUp", 1.0),)),
        ("brow outer up", both("browOuterUp")),
        ("brow up", (("browInnerUp", 0.5), *both("browOuterUp", 0.25))),
        ("brow down", both("browDown")),
        ("brow frown", both("browDown")),
        ("mouth open", (("jawOpen", 1.0),)),
        ("mouth pucker", (("mouthPucker", 1.0),)),
        ("mouth funnel", (("mouthFunnel", 1.0),)),
        ("mouth smile", both("mouthSmile")),
        ("mouth frown", both("mouthFrown")),
        ("mouth wide", both("mouthStretch")),
        ("mouth press", both("mouthPress")),
        ("cheek puff", (("cheekPuff", 1.0),)),
        ("cheek squint", both("cheekSquint")),
        ("nose sneer", both("noseSneer")),
        ("tongue out", (("tongueOut", 1.0),)),
        ("blink", both("eyeBlink")),
        ("squint", both("eyeSquint")),
        ("smile", both("mouthSmile")),
        ("frown", both("mouthFrown")),
        ("pucker", (("mouthPucker", 1.0),)),
        ("puff", (("cheekPuff", 1.0),)),
        ("sneer", both("noseSneer")),
    )
)
"""The first rule whose words are all in a name has it; a side in the name takes only that side's sources."""

BONES = {
    "neck": ({"neck"}, ""),
    "head": ({"head", "skull"}, ""),
    "jaw": ({"jaw", "mandible"}, ""),
    "left_eye": ({"eye", "eyeball", "eyes"}, "left"),
    "right_eye": ({"eye", "eyeball", "eyes"}, "right"),
}
"""Role -> words of which a bone's name has one, and the side that it has."""

OTHER_BONES = {
    "end", "top", "tip", "nub", "target", "lid", "eyelid", "brow", "socket", "lash", "ik", "pole", "ctrl", "twist", "corner",
}  # fmt: skip
"""Words of bones near these that are something else."""
