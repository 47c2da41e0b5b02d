"""Rigify: controls of a generated rig with its classic face (super_face). Its deform bones follow the controls.

The head's control keeps its own turn when the neck turns (`head_follow` is 0), so each takes a share of the whole turn.
"""

LABEL = "Rigify"

BONES = {"neck": ("neck",), "head": ("head",), "jaw": ("jaw_master",)}

FK = "upper_arm_fk.L"
"""By this a rig with arms is known. They have no rows: which of FK and IK shows, and what they follow, is the artist's."""

SHARES = {"neck": 0.4, "head": 1.0}
"""Of the head's turn; other families pass the neck's turn on to the head, which then takes the rest."""

AIMS = {"gaze.left": ("eye.L", "master_eye.L"), "gaze.right": ("eye.R", "master_eye.R")}
"""Gaze -> the bone that the eye looks at, and the bone in the middle of the eye."""


def _side(side: str, letter: str) -> tuple[tuple[str, str, str, float], ...]:
    return (
        (f"lid.T.{letter}.001", f"lid.B.{letter}.003", f"eyeBlink{side}", 0.9),
        (f"lid.T.{letter}.002", f"lid.B.{letter}.002", f"eyeBlink{side}", 0.95),
        (f"lid.T.{letter}.003", f"lid.B.{letter}.001", f"eyeBlink{side}", 0.9),
        (f"lid.T.{letter}.002", f"lid.B.{letter}.002", f"eyeWide{side}", -0.2),
        (f"lid.B.{letter}.002", f"lid.T.{letter}.002", f"eyeSquint{side}", 0.3),
        (f"lips.{letter}", f"cheek.B.{letter}.001", f"mouthSmile{side}", 0.35),
        (f"lips.{letter}", f"jaw.{letter}.001", f"mouthFrown{side}", 0.2),
        (f"lips.{letter}", "lip.T", "mouthPucker", 0.4),
        (f"lips.{letter}", "lip.T", "mouthFunnel", 0.25),
        (f"lips.{letter}", "lip.T", f"mouthStretch{side}", -0.15),
        (f"brow.T.{letter}.001", f"lid.T.{letter}.001", f"browOuterUp{side}", -0.35),
        (f"brow.T.{letter}.003", f"lid.T.{letter}.003", "browInnerUp", -0.35),
        (f"brow.T.{letter}.002", f"lid.T.{letter}.002", f"browDown{side}", 0.25),
        (f"brow.T.{letter}.003", f"lid.T.{letter}.003", f"browDown{side}", 0.3),
    )


MOVES = (*_side("Left", "L"), *_side("Right", "R"))
"""Control, the control it moves towards, the weight that it follows, and how much of the way at weight 1."""
