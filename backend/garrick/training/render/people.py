"""People who do not exist: our head model with a random identity, a skin, a light; drawn exactly in any pose.

The skins are those of made-up portraits (no real person's), unwrapped from the photo, freed of its light as far as
first-order harmonics know it, and given another tone. The light comes from directions all around, each shadowed by the head.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np

from garrick.bodies.head import PARTS, Head, load_head
from garrick.bodies.rig import ASPECT, Layout, layout
from garrick.core.camera import Camera
from garrick.core.rotation import rotation_matrices
from garrick.perception.portrait import Portrait
from garrick.rendering.head_texture import head_texture
from garrick.rendering.puppet import Pose, Puppet
from garrick.rendering.rasterise import NOTHING, rasterise

_WAYS = 40  # directions from which light comes
_SHADOW_SIDE = 192  # pixels of a shadow's picture, which spans the head
_SPAN = 0.36  # metres
_BIAS = 0.004  # metres by which something must be nearer to the light to shade
_FACE = 0.34, 0.46  # height of the face, of the frame's
_FOREHEAD, _CHIN = 10, 152  # MediaPipe's points at its ends
_SHADES = 2  # samples along one side of a pixel
_INSIDE = ("mouth", "gums", "tongue", "teeth")
_BOUNCED = (
    0.5  # share of the light that reaches the inside of a mouth by way of lips and teeth; its texture is shaded already
)


@dataclass(frozen=True)
class Skin:
    """An unwrapped portrait.

    texture: (H, W, 3) float32, linear, first row at v = 1.    light: (4, 3) that it was lit by, as `Portrait.light`.
    """

    texture: np.ndarray
    light: np.ndarray


@dataclass(frozen=True)
class Person:
    """Somebody in front of a camera.

    puppet: the head with the identity baked in; its source pose is that of the photo.    identity: (B,).
    tone: (3,) factors of the skin, linear; inner: (4,) factors of mouth, gums, tongue and teeth.
    ways, glow: (K, 3) unit directions towards the lights, and their linear colours.    backdrop: (H, W, 3) float32 sRGB.
    """

    puppet: Puppet
    identity: np.ndarray
    skin: Skin
    tone: np.ndarray
    inner: np.ndarray
    ways: np.ndarray
    glow: np.ndarray
    camera: Camera
    backdrop: np.ndarray


def unwrap(portrait: Portrait) -> Skin:
    """The skin of a fitted portrait."""
    return Skin(linear(head_texture(portrait).astype(np.float32) / 255), portrait.light)


def draw_person(skin: Skin, size: int, rng: np.random.Generator) -> Person:
    """Somebody at random in that skin, as a square photo of `size` pixels shows them: mostly frontal, mostly at ease."""
    head = load_head()
    identity = (0.8 * rng.standard_normal(len(head.identity_basis))).astype(np.float32)
    personal = head.personal(identity)
    rotation = np.radians(rng.normal(0, (4, 7, 3))).astype(np.float32)
    face = np.zeros(52, np.float32)
    if rng.random() < 0.6:  # a smile, a word, a raised brow
        some = rng.integers(0, 52, 3)
        face[some] = rng.uniform(0, 0.25, 3)
    gaze = np.repeat(rng.normal(0, 0.06, (1, 2)), 2, axis=0).astype(np.float32)
    marks = head.landmarks(personal.template)
    tall = float(np.linalg.norm(marks[_FOREHEAD] - marks[_CHIN]))
    distance = rng.uniform(0.7, 1.2)
    focal = rng.uniform(*_FACE) * size * distance / tall
    pose = np.diag([1.0, -1.0, -1.0, 1.0])
    pose[:3, 3] = (*rng.normal(0, 0.008, 2), distance)
    lens = np.array([[focal, 0, size / 2], [0, focal, size / 2], [0, 0, 1]])
    ways = _directions(rng)
    return Person(
        puppet=Puppet(personal, Pose(face, rotation, np.zeros(3), gaze)),
        identity=identity,
        skin=skin,
        tone=np.clip(rng.normal(1, (0.10, 0.08, 0.10), 3) * rng.uniform(0.55, 1.1), 0.2, 1.4).astype(np.float32),
        inner=np.clip(rng.normal(1, 0.12, 4), 0.6, 1.4).astype(np.float32),
        ways=ways,
        glow=_glow(ways, rng),
        camera=Camera(lens, pose, (size, size)),
        backdrop=_backdrop(size, rng),
    )


def photograph(person: Person, pose: Pose) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture of a person in a pose: (H, W, 3) uint8, matte (H, W) float32, and the posed vertices (V, 3)."""
    head = person.puppet.head
    posed = person.puppet.pose(pose)
    place, triangles = _layout(), head.triangles
    flat = place.quad_uvs[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)
    screen = person.camera.project(posed).astype(np.float32)
    seen = rasterise(screen, triangles, person.camera.size, _SHADES)
    covered = seen.triangle != NOTHING
    found = seen.triangle[covered]
    weights = np.column_stack([seen.weights[covered], 1 - seen.weights[covered].sum(axis=1)])
    texel = np.einsum("nk,nkc->nc", weights, place.uvs[flat[found]])
    rows = person.skin.texture.shape[0]
    across, down = texel[:, 0] * ASPECT * rows - 0.5, (1 - texel[:, 1]) * rows - 0.5
    colour = _sample(person.skin.texture, across.astype(np.float32), down.astype(np.float32))
    colour *= np.einsum("nk,nkc->nc", weights, _lit(person, pose, posed)[triangles[found]])
    shape = (*covered.shape, 3)
    picture = np.zeros(shape, np.float32)
    picture[covered] = np.clip(colour, 0, 1)
    size = person.camera.size
    matte = cv2.resize(covered.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    shown = encoded(picture)
    shown[~covered] = cv2.resize(person.backdrop, shape[1::-1], interpolation=cv2.INTER_LINEAR)[~covered]
    plate = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    return (np.clip(plate, 0, 1) * 255 + 0.5).astype(np.uint8), matte, posed


def linear(shown: np.ndarray) -> np.ndarray:
    """sRGB 0..1 -> linear light (IEC 61966-2-1)."""
    return np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encoded(light: np.ndarray) -> np.ndarray:
    """Linear light 0..1 -> sRGB."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-6) ** (1 / 2.4) - 0.055)


def _lit(person: Person, pose: Pose, posed: np.ndarray) -> np.ndarray:
    """(V, 3) factors of the texture at the vertices: tone, and the light of the place over that of the unwrapped photo."""
    head = person.puppet.head
    normals = head.normals(posed)
    inside = np.isin(head.vertex_parts, [PARTS.index(name) for name in _INSIDE])
    light = np.zeros((len(posed), 3), np.float32)
    for way, glow in zip(person.ways, person.glow, strict=True):
        reached = _reached(head, posed, way)
        reached[inside] = _BOUNCED + (1 - _BOUNCED) * reached[inside]
        facing = np.maximum(normals @ way, 0) * reached
        light += facing[:, None].astype(np.float32) * glow
    still = head.normals(person.puppet.pose(replace(pose, rotation=np.zeros(3), face=np.zeros(52))))
    before = np.maximum(person.skin.light[0] + still @ person.skin.light[1:], 0.35).astype(np.float32)
    factors = light / before * person.tone
    for name, factor in zip(_INSIDE, person.inner, strict=True):
        chosen = head.vertex_parts == PARTS.index(name)
        factors[chosen] = light[chosen] * factor
    eyes = head.vertex_parts == PARTS.index("eye")
    factors[eyes] = light[eyes]
    return factors


def _reached(head: Head, posed: np.ndarray, way: np.ndarray) -> np.ndarray:
    """(V,) 0..1: how much light from a direction reaches each vertex past the rest of the head."""
    aside = np.cross(way, (0.0, 1.0, 0.0) if abs(way[1]) < 0.9 else (1.0, 0.0, 0.0))
    aside /= np.linalg.norm(aside)
    view = np.stack([aside, np.cross(way, aside), -way])
    placed = (posed - posed.mean(axis=0)) @ view.T
    screen = np.column_stack([(placed[:, :2] / _SPAN + 0.5) * _SHADOW_SIDE, placed[:, 2] + 1]).astype(np.float32)
    depth = rasterise(screen, head.triangles, (_SHADOW_SIDE, _SHADOW_SIDE)).depth
    x, y = np.clip(screen[:, :2], 0, _SHADOW_SIDE - 1).astype(int).T
    clear = (screen[:, 2] <= depth[y, x] + _BIAS).astype(np.float32)
    mean = np.repeat(clear[head.quads].mean(axis=1), 4)  # softened over the quads around
    total = np.bincount(head.quads.ravel(), mean, len(posed))
    return total / np.maximum(np.bincount(head.quads.ravel(), minlength=len(posed)), 1)


def _directions(rng: np.random.Generator) -> np.ndarray:
    """(K, 3) unit directions spread over the sphere (a Fibonacci spiral, turned at random), without those from below."""
    steps = np.arange(_WAYS) + 0.5
    height, angle = 1 - 2 * steps / _WAYS, np.pi * (1 + np.sqrt(5)) * steps
    flat = np.sqrt(1 - height**2)
    ways = np.column_stack([flat * np.cos(angle), height, flat * np.sin(angle)])
    ways = ways @ rotation_matrices(np.array([0, rng.uniform(0, 2 * np.pi), 0])).T
    return ways[(ways[:, 2] > -0.3) & (ways[:, 1] > -0.75)]


def _glow(ways: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(K, 3): a key light before the face, a weaker one from elsewhere, and some from everywhere."""
    glow = np.full((len(ways), 3), rng.uniform(0.4, 1.0), np.float32)
    for strength, wide in ((rng.uniform(0.5, 3), rng.uniform(3, 14)), (rng.uniform(0, 1), rng.uniform(3, 14))):
        way = np.array([rng.normal(0, 0.6), rng.normal(0.35, 0.35), 1.0])
        lobe = np.exp(wide * (ways @ (way / np.linalg.norm(way)) - 1))
        glow += strength * lobe[:, None] * np.clip(rng.normal(1, 0.08, 3), 0.8, 1.2)
    ahead = np.maximum(ways[:, 2], 0)[:, None]
    return (glow / (glow * ahead).sum(axis=0).mean() * rng.uniform(0.85, 1.2)).astype(np.float32)


def _backdrop(size: int, rng: np.random.Generator) -> np.ndarray:
    """(size, size, 3) float32 sRGB: soft blobs."""
    tone = rng.uniform(0.1, 0.9) + rng.normal(0, 0.08, 3)
    coarse = np.clip(tone + rng.normal(0, rng.uniform(0.01, 0.12), (6, 6, 3)), 0, 1)
    return np.clip(cv2.resize(coarse.astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC), 0, 1)


def _sample(texture: np.ndarray, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """(n, 3) bilinear samples."""
    columns = 1024  # OpenCV takes no rows longer than 32767
    rest = -len(across) % columns
    across, down = (np.pad(values, (0, rest)).reshape(-1, columns) for values in (across, down))
    found = cv2.remap(texture, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).reshape(-1, 3)
    return found[: len(found) - rest]


@cache
def _layout() -> Layout:
    return layout(load_head())
