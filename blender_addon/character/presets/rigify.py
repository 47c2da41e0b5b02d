"""Rigify: controls of a generated rig; its deform bones follow them. The face is super_face's or the newer one of skin rigs.

Arms and fingers turn by their FK controls, the trunk by its chest. The head's control keeps its own turn when trunk and neck
turn (`head_follow` is 0), so it takes the whole of it; the neck goes with the chest (`neck_follow` is 1).
"""

from .limbs import FINGERS, limbs, numbered

LABEL = "Rigify"

SIGNS = (
    ("master_eye.L", "jaw_master"), ("eye_master.L", "jaw_master"), ("torso", "upper_arm_fk.L"), ("torso", "MCH-ROT-head")
)  # fmt: skip
"""Bones by each of which a generated rig is known: those of either face, or those of a body with a face of another kind."""

INNER = ("ORG-", "MCH-", "DEF-", "VIS_")
"""How bones begin that are no controls."""

_SIDES = ("L", "R")
_ROOTS = {finger: f"{'' if finger == 'thumb' else 'f_'}{finger}" for finger in FINGERS}

BONES = {
    "spine": ("chest",),
    "neck": ("neck",),
    "head": ("head",),
    "jaw": ("jaw_master",),
    **limbs(
        "{part}.{side}", _SIDES, ("shoulder", "upper_arm_fk", "forearm_fk", "hand_fk"),
        numbered({finger: f"{name}.0{{number}}" for finger, name in _ROOTS.items()}),
    ),
}  # fmt: skip

SHARES = {"neck": 0.4, "head": 1.0}
"""Of the head's turn; other families pass the neck's turn on to the head, which then takes the rest."""

CARRIERS = {"MCH-ROT-neck": "chest", "MCH-ROT-head": "torso"}
"""Bone -> the control that turns it instead of its parent, with the switches as `SWITCHES` has them."""


def _arm_switches(side: str) -> tuple[tuple[str, str, float], ...]:
    parent = f"upper_arm_parent.{side}"
    return (parent, "IK_FK", 1.0), (parent, "FK_limb_follow", 0.0)


_FINGER_PARTS = tuple((name, number, side) for side in _SIDES for name in _ROOTS.values() for number in (1, 2, 3))

SWITCHES = {
    "neck": (("torso", "neck_follow", 1.0),),
    "head": (("torso", "head_follow", 0.0),),
    **{f"{part}_fk.{side}": _arm_switches(side) for side in _SIDES for part in ("upper_arm", "forearm", "hand")},
    **{f"{name}.0{number}.{side}": ((f"{name}.01_ik.{side}", "FK_IK", 0.0),) for name, number, side in _FINGER_PARTS},
}
"""Control -> what must be switched so that it shows and nothing else turns it: a bone, its custom property, the value."""

FINGER_MASTERS = {
    f"{name}.0{number}.{side}": (f"{name}.01_master.{side}", f"palm.{side}") for name, number, side in _FINGER_PARTS
}
"""Control of a finger -> others whose place, turn and scale move it too, and must be at rest."""

RIVALS = {
    "chest": ("spine_fk", "spine_fk.001", "spine_fk.002", "spine_fk.003"),
    **{
        f"{part}_fk.{side}": (f"hand_ik.{side}", f"upper_arm_ik.{side}", f"upper_arm_ik_target.{side}")
        for side in _SIDES
        for part in ("upper_arm", "forearm", "hand")
    },
    **{
        f"{name}.0{number}.{side}": (f"{name}.01_master.{side}", f"{name}.01_ik.{side}", f"palm.{side}")
        for name, number, side in _FINGER_PARTS
    },
}
"""Control -> those that an artist may animate in its place."""

AIMS = tuple(
    (f"gaze.{side}", f"eye.{letter}", f"{pivot}.{letter}")
    for side, letter in (("left", "L"), ("right", "R"))
    for pivot in ("master_eye", "DEF-eye_master")
)
"""Gaze, the bone that the eye looks at, and the bone in the middle of the eye: of the older face, and of the newer."""


def _corner(side: str, letter: str, corner: str) -> tuple[tuple[str, str, str, float], ...]:
    return (
        (corner, f"cheek.B.{letter}.001", f"mouthSmile{side}", 0.25),
        (corner, f"cheek.T.{letter}.001", f"mouthSmile{side}", 0.2),
        (corner, f"ORG-chin.{letter}", f"mouthFrown{side}", 0.15),
        (corner, "lip.T", "mouthPucker", 0.4),
        (corner, "lip.T", "mouthFunnel", 0.25),
        (corner, "lip.T", f"mouthStretch{side}", -0.15),
    )


def _lid_ends(side: str, letter: str) -> tuple[tuple[str, str, str, float], ...]:
    """What the middle of the lid does not do: it takes the others along, in the older face too little, in the newer too far.

    Which of them it is, the inner bones say, that lie where the lower lid's controls do.
    """
    inner, outer = f"lid.T.{letter}.003", f"lid.T.{letter}.001"
    return (
        (inner, f"MCH-lid.B.{letter}.001", f"eyeBlink{side}", 0.12),
        (inner, f"MCH-lid_offset.B.{letter}.001", f"eyeBlink{side}", -0.25),
        (outer, f"MCH-lid_offset.B.{letter}.003", f"eyeBlink{side}", -0.45),
    )


def _side(side: str, letter: str) -> tuple[tuple[str, str, str, float], ...]:
    return (
        (f"lid.T.{letter}.002", f"lid.B.{letter}.002", f"eyeBlink{side}", 0.95),
        *_lid_ends(side, letter),
        (f"lid.T.{letter}.002", f"lid.B.{letter}.002", f"eyeWide{side}", -0.2),
        (f"lid.B.{letter}.002", f"lid.T.{letter}.002", f"eyeSquint{side}", 0.3),
        *_corner(side, letter, f"lips.{letter}"),
        *_corner(side, letter, f"lip_end.{letter}.001"),
        (f"lip.T.{letter}.001", f"ORG-nose.{letter}.001", f"mouthUpperUp{side}", 0.2),
        (f"lip.B.{letter}.001", f"ORG-chin.{letter}", f"mouthLowerDown{side}", 0.12),
        (f"brow.T.{letter}.001", f"ORG-forehead.{letter}.002", f"browOuterUp{side}", 0.13),
        (f"brow.T.{letter}.002", f"ORG-forehead.{letter}.001", f"browOuterUp{side}", 0.08),
        (f"brow.T.{letter}.002", f"ORG-forehead.{letter}.001", "browInnerUp", 0.05),
        (f"brow.T.{letter}.003", f"ORG-forehead.{letter}", "browInnerUp", 0.13),
        (f"brow.T.{letter}.002", f"lid.T.{letter}.002", f"browDown{side}", 0.25),
        (f"brow.T.{letter}.003", f"ORG-nose.{letter}", f"browDown{side}", 0.2),
    )


MOVES = (
    *_side("Left", "L"), *_side("Right", "R"), ("lip.B", "lip.T", "mouthClose", 0.4), ("lip.T", "lip.B", "mouthClose", 0.2)
)  # fmt: skip
"""Control, the control it moves towards, the weight that it follows, and how much of the way at weight 1."""
