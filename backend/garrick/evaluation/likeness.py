"""The person of a shot beside the photo that it was made from, as a net of features sees both."""

from __future__ import annotations

import numpy as np

from garrick.context import RunContext
from garrick.evaluation.features import feature_distance, features_there
from garrick.evaluation.metric import Score
from garrick.evaluation.shot import Shot, read_picture
from garrick.evaluation.sight import NET_SIDE, Sight, evenly, face_square

_SAMPLE = 12  # frames, evenly through the clip


def portrait_distance(shot: Shot, points: np.ndarray, ctx: RunContext) -> Score | None:
    """Distance of the face in the pictures from that in the portrait, mean over frames spread evenly.

    points: (F, 478, 2) landmarks of the pictures, nan where no face is seen. Faces are cut out upright and of one size.
    It is no measure of identity: another expression, light or turn of the head counts too, so a clip that moves is not at 0.
    None without the net, or where no face is seen. Raises InputError for pictures that cannot be read, Cancelled.
    """
    seen = np.flatnonzero(np.isfinite(points).all(axis=(1, 2)))
    portrait = read_picture(shot.portrait)
    theirs = Sight().see(portrait)
    if not features_there() or not len(seen) or not np.isfinite(theirs).all():
        return None
    crops, behind = [], shot.behind()
    for index in evenly(seen, _SAMPLE):
        ctx.check()
        crops.append(face_square(points[index]).cut(shot.picture(shot.frames[index], behind), NET_SIDE))
    return feature_distance(crops, [face_square(theirs).cut(portrait, NET_SIDE)] * len(crops))
