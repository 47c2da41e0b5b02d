"""The nets that a job runs: what has to be there before it begins, and what its shot says of them."""

from __future__ import annotations

from pathlib import Path

from garrick.files import sha256
from garrick.job import Job
from garrick.weights.entries import REGISTRY

_SEEING = ("face_detection_short_range", "face_attention", "selfie_segmentation", "pose_detection", "pose_landmark")
_LISTENING = ("silero_vad", "hama", "senones")


def weights_of(job: Job) -> tuple[str, ...]:
    """Names in the registry of weights. Raises InputError for a voice that there is not."""
    from garrick.speech.catalogue import find_voice
    from garrick.speech.transcribe import PARTS

    heard = () if job.audio is None and job.text is None else _LISTENING
    spoken = find_voice(job.voice).weights if job.text is not None and job.audio is None else ()
    return (*_SEEING, *heard, *spoken, *(PARTS if job.transcribe else ()))


def models_of(job: Job) -> dict[str, str]:
    """SHA-256 of every net: other people's by their names in the registry, our own by their files in the package."""
    own: list[str] = []
    if job.audio is not None or job.text is not None:
        own.append("speech/nets/phones.onnx")
        if job.performance is None and job.learned > 0:
            own += ["motion/diffusion/nets/face_voice.onnx", "motion/diffusion/nets/face.onnx"]
        if job.performance is None and job.learned_body:
            own += ["motion/diffusion/nets/body_voice.onnx", "motion/diffusion/nets/body.onnx"]
    if job.refine:
        own.append("rendering/refine/nets/face.onnx")
    package = Path(__file__).parent
    return {name: REGISTRY[name].sha256 for name in weights_of(job)} | {name: sha256(package / name) for name in own}
