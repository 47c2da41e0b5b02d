"""Whether a face stays the same person: CSIM, the distance that it stands for, and ACD.

On dlib's net (`identity_net`), not on the ArcFace of papers, so the figures stand beside each other and not beside
theirs. The cosine of this net has a narrow range, as its vectors lie close together: two people have 0.79 to 0.91, one
person in one clip 0.95 to 1 (5th to 95th percentile). The distance is what the net was trained for.
"""

from __future__ import annotations

import numpy as np

from garrick.errors import InputError
from garrick.evaluation.identity_net import SAME_PERSON
from garrick.evaluation.metric import HIGHER, LOWER, Metric, Score, score

CSIM = Metric(
    "CSIM (dlib)", "", HIGHER, "cosine to the reference's identity, on dlib's face recognition net (King 2017)", 10
)
IDENTITY_DISTANCE = Metric(
    "identity distance",
    "",
    LOWER,
    f"Euclidean distance of dlib's face vectors (King 2017), trained so that {SAME_PERSON} parts people",
    10,
)
ACD = Metric(
    "ACD (dlib)", "", LOWER, "Tulyakov et al. 2018 (MoCoGAN), mean distance of all pairs of frames, on dlib's net", 10
)


def csim(faces: np.ndarray, reference: np.ndarray) -> Score:
    """Mean cosine of faces to a reference; 1 for the same picture.

    faces: (F, 128) of `identity_vectors`.    reference: (128,), one face for all, or (F, 128), one a frame.
    """
    faces, reference = _both(faces, reference)
    lengths = np.linalg.norm(faces, axis=1) * np.linalg.norm(reference, axis=1)
    return score(CSIM, (faces * reference).sum(axis=1) / lengths)


def identity_distance(faces: np.ndarray, reference: np.ndarray) -> Score:
    """Mean Euclidean distance of faces from a reference, arrays as of `csim`; 0 for the same picture."""
    faces, reference = _both(faces, reference)
    return score(IDENTITY_DISTANCE, np.linalg.norm(faces - reference, axis=1))


def acd(faces: np.ndarray) -> Score:
    """Average content distance of one clip: how far apart any two of its frames are as people, on average.

    faces: (F, 128). Raises InputError for fewer than two frames.
    """
    if len(faces) < 2:
        raise InputError(f"{ACD.name} compares frames with each other.", "Give at least two frames.")
    one, other = np.triu_indices(len(faces), 1)
    return score(ACD, float(np.linalg.norm(faces[one] - faces[other], axis=1).mean()), len(faces))


def _both(faces: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if reference.ndim == 2 and len(reference) != len(faces):
        raise InputError(f"There are {len(faces)} faces and {len(reference)} to compare them with.")
    return faces, np.broadcast_to(reference, faces.shape)
