"""What one frame shows."""

from __future__ import annotations

from typing import NamedTuple

from garrick.core.camera import Camera
from garrick.rendering.limb_mesh import Limbs
from garrick.rendering.limbs import ArmPose
from garrick.rendering.puppet import Pose


class Instant(NamedTuple):
    """What `render.render_pose` draws: a pose of the head, from a camera, with arms where others than the photo's are."""

    pose: Pose
    camera: Camera
    arms: tuple[Limbs, ArmPose] | None = None
