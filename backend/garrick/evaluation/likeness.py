"""The person of a shot beside the photo that it was made from, as two nets see both."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from garrick.context import RunContext
from garrick.evaluation.features import feature_distance, features_there
from garrick.evaluation.identity import acd, csim, identity_distance
from garrick.evaluation.identity_net import SAME_PERSON, face_chip, identity_there, identity_vectors
from garrick.evaluation.metric import Score
from garrick.evaluation.shot import Shot, read_picture
from garrick.evaluation.sight import NET_SIDE, Sight, evenly, face_square

_SAMPLE = 12  # frames, evenly through the clip


def portrait_scores(shot: Shot, points: np.ndarray, ctx: RunContext) -> tuple[list[Score], list[str]]:
    """How far the face in the pictures is from that in the portrait, over frames spread evenly; and what to say about it.

    points: (F, 478, 2) landmarks of the pictures, nan where no face is seen. Faces are cut out upright and of one size.
    The distance of features is no measure of identity: another expression, light or turn of the head counts too, so a clip
    that moves is not at 0. CSIM, identity distance and ACD are; what a net is missing for is left out.
    Nothing where no face is seen. Raises InputError for pictures that cannot be read, Cancelled.
    """
    seen = np.flatnonzero(np.isfinite(points).all(axis=(1, 2)))
    features, identity = features_there(), identity_there()
    if not len(seen) or not (features or identity):
        return [], []
    portrait = read_picture(shot.portrait)
    theirs = Sight().see(portrait)
    if not np.isfinite(theirs).all():
        return [], []
    sample, behind, crops, chips = evenly(seen, _SAMPLE), shot.behind(), [], []
    for index in sample:
        ctx.check()
        picture = shot.picture(shot.frames[index], behind)
        crops.append(face_square(points[index]).cut(picture, NET_SIDE))
        chips.append(face_chip(picture, points[index]))
    scores, told = [], []
    if features:
        scores.append(feature_distance(crops, [face_square(theirs).cut(portrait, NET_SIDE)] * len(crops)))
    if identity:
        vectors = identity_vectors([face_chip(portrait, theirs), *chips])
        apart = identity_distance(vectors[1:], vectors[0])
        scores += [csim(vectors[1:], vectors[0]), apart, *([acd(vectors[1:])] if len(sample) > 1 else [])]
        told += _lost(apart)
    return scores, told


def _lost(apart: Score) -> Iterator[str]:
    assert apart.each is not None
    lost = int((apart.each > SAME_PERSON).sum())
    if lost:
        yield (
            f"The face is not the portrait's in {lost} of {len(apart.each)} frames looked at: identity distance up to "
            f"{apart.each.max():.2f}, and {SAME_PERSON} parts people."
        )
