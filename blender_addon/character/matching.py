"""The first draft of a mapping table: keys and bones recognised by their names. Knows nothing of Blender."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType

from ..core.arkit import ARKIT_INDEX
from ..core.retarget_presets import Recipe
from ..core.skeleton import HAND_JOINTS
from ..core.turns import JOINTS
from .mapping import AIM, JAW, KEY, MOVE, TURN, VISEME, Row
from .names import is_copy, plain, words_of
from .presets import BONE_FAMILIES, KEY_FAMILIES, MEANINGLESS, common_words, rigify
from .presets.limbs import ARM

_NECK_SHARE = 0.4  # of the head's turn
_VOWEL_LETTERS = {"a", "i", "u", "e", "o"}
_MOUTHS_OWN = 12  # ARKit mouth keys from which a character needs no visemes
_SPINE = ("body_pose.spine1", "body_pose.spine2", "body_pose.spine3")
_SLIVER = 1e-6  # of a spine: less than this in common is rounding
_ROLES = {"jaw": JAW, "left_eye": "gaze.left", "right_eye": "gaze.right"}


@dataclass(frozen=True)
class Match:
    """A drafted table.

    families: labels of what was recognised. unmatched: keys that no row moves. notes: sentences for the user.
    """

    rows: tuple[Row, ...]
    families: tuple[str, ...]
    unmatched: tuple[str, ...]
    notes: tuple[str, ...]


def auto_match(keys: Sequence[str], bones: Sequence[str], eyes_by_keys: bool = False) -> Match:
    """Draft a table for a character.

    keys: names of its face keys, the basis left out. bones: of its armature. eyes_by_keys: its eyeLook keys turn the
    eyeballs, so that its eye bones must not turn them again.
    """
    found: dict[str, tuple[str, Recipe]] = {}
    for key in dict.fromkeys(keys):
        match = _family_recipe(key, keys) or _worded_recipe(key)
        if match is not None:
            found[key] = match
    _drop_doubles(found)
    rows = [Row(key, KEY, source, gain) for key, (_, recipe) in found.items() for source, gain in recipe]
    labels = [label for label, _ in found.values()]
    key_sources = {row.source for row in rows}
    bone_rows, bone_label = _bone_rows(bones, key_sources, eyes_by_keys)
    unmatched = tuple(key for key in dict.fromkeys(keys) if key not in found)
    notes = []
    nameless = [key for key in unmatched if MEANINGLESS.NAME.fullmatch(key)]
    if nameless:
        opens = any(row.source == JAW for row in bone_rows)
        notes.append(
            f"{len(nameless)} keys such as {nameless[0]} are {MEANINGLESS.LABEL} components: no name tells what they do. "
            + ("The jaw bone opens the mouth; for lips, lids" if opens else "For mouth, lids")
            + " and brows give the character shape keys with ARKit's names, or add rows by hand."
        )
    families = tuple(dict.fromkeys([*labels, *([bone_label] if bone_label else [])]))
    return Match((*rows, *bone_rows), families, unmatched, tuple(notes))


def _family_recipe(key: str, keys: Iterable[str]) -> tuple[str, Recipe] | None:
    name = plain(key)
    if name in _VOWEL_LETTERS and len({plain(other) for other in keys} & _VOWEL_LETTERS) < 3:
        return None  # a lone letter is no vowel
    for family in KEY_FAMILIES:
        recipe = _plain_keys(family).get(name)
        if recipe is not None:
            return family.LABEL, recipe
    return None


_tables: dict[str, dict[str, Recipe]] = {}


def _plain_keys(family: ModuleType) -> dict[str, Recipe]:
    if family.__name__ not in _tables:
        _tables[family.__name__] = {plain(name): recipe for name, recipe in family.KEYS.items()}
    return _tables[family.__name__]


def _worded_recipe(key: str) -> tuple[str, Recipe] | None:
    if MEANINGLESS.NAME.fullmatch(key) or key.startswith("Fcl_"):
        return None
    words = {common_words.SAME.get(word, word) for word in words_of(key)}
    for needed, recipe in common_words.RULES:
        if needed <= words:
            return common_words.LABEL, _sided(recipe, words)
    return None


def _sided(recipe: Recipe, words: set[str]) -> Recipe:
    """Of a recipe for both sides, the sources of the side that the words name, at their full strength."""
    sides = [side for side in ("Left", "Right") if side.lower() in words]
    if len(sides) != 1:
        return recipe
    other = {"Left": "Right", "Right": "Left"}[sides[0]]
    return tuple(
        (source, gain * 2 if source.endswith(sides[0]) else gain)
        for source, gain in recipe
        if not source.endswith(other)
    )


def _drop_doubles(found: dict[str, tuple[str, Recipe]]) -> None:
    """Leave out what others of the character's keys already do: visemes beside ARKit's mouth, both sides beside each."""
    mouth = {
        source for _, recipe in found.values() if len(recipe) == 1 for source, _ in recipe
        if source in ARKIT_INDEX and source.startswith(("mouth", "jaw"))
    }  # fmt: skip
    alone = {recipe[0][0] for _, recipe in found.values() if len(recipe) == 1}
    worded = {key for key, (label, _) in found.items() if label == common_words.LABEL}
    exact = {source for key, (_, recipe) in found.items() if key not in worded for source, _ in recipe}
    taken: set[Recipe] = set()
    for key, (_, recipe) in list(found.items()):
        sources = {source for source, _ in recipe}
        viseme = recipe[0][0].startswith(VISEME)
        joined = len(recipe) > 1 and sources <= alone
        guessed = key in worded and (sources <= exact or recipe in taken)
        if (viseme and len(mouth) >= _MOUTHS_OWN) or joined or guessed:
            del found[key]
        else:
            taken.add(recipe)
    vowels: set[Recipe] = set()
    for key, (_, recipe) in list(found.items()):  # two spellings of one viseme: the first has it
        if recipe[0][0].startswith(VISEME):
            if recipe in vowels:
                del found[key]
            vowels.add(recipe)


def _bone_rows(bones: Sequence[str], key_sources: set[str], eyes_by_keys: bool) -> tuple[list[Row], str]:
    if not bones:
        return [], ""
    if any(set(sign) <= set(bones) for sign in rigify.SIGNS):
        return _rigify_rows(bones, key_sources, eyes_by_keys), rigify.LABEL
    roles, label = _roles_of(bones)
    rows = []
    necks, heads = roles.get("neck", []), roles.get("head", [])
    trunk, limbs = _trunk_rows(roles), _limb_rows(roles)
    for name in necks:
        rows.append(Row(name, TURN, "head_rotation", (_NECK_SHARE if heads else 1.0) / len(necks)))
    for name in heads:
        rows.append(Row(name, TURN, "head_rotation", 1 - _NECK_SHARE if necks else 1.0))
    rows += _face_bone_rows(roles, key_sources, eyes_by_keys)
    rows += trunk + limbs
    return rows, label if rows else ""


def _face_bone_rows(roles: dict[str, list[str]], key_sources: set[str], eyes_by_keys: bool) -> list[Row]:
    rows = []
    for role, source in _ROLES.items():
        if (role == "jaw" and "jawOpen" in key_sources) or (role != "jaw" and eyes_by_keys):
            continue
        rows += [Row(name, TURN, source) for name in roles.get(role, [])]
    return rows


def _trunk_rows(roles: dict[str, list[str]]) -> list[Row]:
    """The turns of the spine's joints shared out along as many bones as there are, in their order: each whole in the end.

    The pelvis' own turn goes to the lowest bone of the spine, as the hips carry the legs; the neck's to its lowest.
    """
    spine, rows = roles.get("spine", []), []
    bones, joints = len(spine), len(_SPINE)
    for place, name in enumerate(spine):
        if place == 0:
            rows.append(Row(name, TURN, "body_pose.pelvis"))
        for joint, source in enumerate(_SPINE):
            # what the bone and the joint have in common where both go from 0 to 1 along the spine, of what the joint has
            shared = min((place + 1) / bones, (joint + 1) / joints) - max(place / bones, joint / joints)
            if shared > _SLIVER:
                rows.append(Row(name, TURN, source, shared * joints))
    return rows + [Row(name, TURN, "body_pose.neck") for name in roles.get("neck", [])[:1]]


def _limb_rows(roles: dict[str, list[str]]) -> list[Row]:
    sources = {joint: source for source, joint in JOINTS.items()}
    return [
        Row(roles[joint][0], TURN, sources[joint])
        for side in ("left", "right")
        for joint in (*(f"{side}_{name}" for name in ARM), *(f"{side}_{name}" for name in HAND_JOINTS))
        if joint in roles
    ]


def _roles_of(bones: Sequence[str]) -> tuple[dict[str, list[str]], str]:
    """Bones by role, and the label of the family that knows most of them; common words fill what it lacks."""
    by_name: dict[str, str] = {}
    for bone in bones:
        by_name.setdefault(plain(bone), bone)
    exact = set(bones)

    def roles_in(family: ModuleType) -> dict[str, list[str]]:
        found = {}
        for role, names in family.BONES.items():
            there = [name for name in names if name in exact]
            if not there:
                there = [by_name[plain(name)] for name in names if not is_copy(name) and plain(name) in by_name]
            if there:
                found[role] = list(dict.fromkeys(there))
        return found

    def score(family: ModuleType) -> int:
        names = {name for family_names in family.BONES.values() for name in family_names}
        return len(names & exact) + len(roles_in(family))

    best = max(BONE_FAMILIES, key=score)
    roles, label = roles_in(best), best.LABEL
    if "head" not in roles:
        roles, label = {}, common_words.LABEL
    return roles | _worded_roles(bones, roles), label


def _worded_roles(bones: Sequence[str], known: Collection[str]) -> dict[str, list[str]]:
    """Roles that are not known yet, of bones that are called by common words."""
    found = {}
    for role, (wanted, side) in common_words.BONES.items():
        named = [bone for bone in bones if _is_called(words_of(bone), wanted, side)]
        if named and role not in known:
            found[role] = [min(named, key=len)]
    return found


def _is_called(words: list[str], wanted: set[str], side: str) -> bool:
    sides = {word for word in words if word in ("left", "right")}
    return (
        bool(wanted & set(words)) and sides == ({side} if side else set()) and not common_words.OTHER_BONES & set(words)
    )


def _rigify_rows(bones: Sequence[str], key_sources: set[str], eyes_by_keys: bool) -> list[Row]:
    there = set(bones)
    roles = {role: [name for name in names if name in there] for role, names in rigify.BONES.items()}
    roles = {role: names for role, names in roles.items() if names}
    aims = [Row(target, AIM, source, 1.0, pivot) for source, target, pivot in rigify.AIMS if {target, pivot} <= there]
    if not aims:
        roles |= _worded_roles([bone for bone in bones if not bone.startswith(rigify.INNER)], roles)
    rows = [
        Row(name, TURN, "head_rotation", rigify.SHARES[role]) for role in rigify.SHARES for name in roles.get(role, [])
    ]
    rows += _face_bone_rows(roles, key_sources, eyes_by_keys) + ([] if eyes_by_keys else aims)
    rows += _trunk_rows(roles) + _limb_rows(roles)
    for target, pivot, source, gain in rigify.MOVES:
        if target in there and pivot in there and source not in key_sources:
            rows.append(Row(target, MOVE, source, gain, pivot))
    return rows
