"""What rigs of known families call their keys and bones: pure data, a family a module.

Each module has LABEL and, as far as the family has them,
KEYS:  name of a key -> what it follows: pairs of a source and a gain.
BONES: role -> names. Of "spine" and "neck", from below upwards, and of "head", "jaw", "left_eye" and "right_eye" all bones
       that exist are taken; of an arm's and a finger's ("left_elbow", "right_index1", see `limbs`) the first.
Names are compared by `names.plain`, so other spellings of sides and word breaks need no entry.
"""

from . import (
    arkit,
    daz_genesis,
    faceit,
    flame,
    makehuman,
    mixamo,
    oculus,
    ready_player_me,
    reallusion,
    rigify,
    rigify_bones,
    smplx,
    unity,
    unreal,
    vrm,
    vrm_humanoid,
)

KEY_FAMILIES = (arkit, makehuman, faceit, ready_player_me, reallusion, vrm, oculus)
"""In the order in which their names are tried; the first that knows a name has it."""

BONE_FAMILIES = (
    rigify, vrm, makehuman, mixamo, ready_player_me, reallusion, daz_genesis, smplx, unreal, rigify_bones, unity,
    vrm_humanoid,
)  # fmt: skip
"""Told apart by their names; what none knows is looked for by common words."""

MEANINGLESS = flame
"""The family whose keys have no meaning that a name could tell."""
