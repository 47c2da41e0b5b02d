"""`garrick match`: our 52 shapes on a rig whose shapes no table knows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from garrick.errors import InputError
from garrick.terminal import one_line_errors

# Heavy imports lie inside the commands, so that `garrick --help` answers at once.

_POOR = 0.9  # error from which a shape is told of: hardly any of its motion is there


def match(
    rig: Annotated[
        Path, typer.Argument(help="A .glb of a character: its face with its shapes, looking along +Z, +Y up.")
    ],
    to: Annotated[Path, typer.Option(help="The mapping to write, for Own Character in Blender.", metavar="FILE.json")],
) -> None:
    """Find which mix of a rig's shapes makes each of ARKit's 52, by how they move its surface, and tell how well."""
    import numpy as np

    from garrick.bodies.head import PARTS, load_head
    from garrick.core.retarget import mapping_text
    from garrick.files import make_folder, write_bytes
    from garrick.motion.retarget.rig_file import read_shapes
    from garrick.motion.retarget.solve import laid_over, shapes_of, solve

    with one_line_errors():
        if to.suffix != ".json":
            raise InputError(f"{to.name} must end in .json.")
        head = load_head()
        own = shapes_of(head, head.average_adult, head.vertex_parts == PARTS.index("skin"))
        try:
            fit = solve(own, laid_over(read_shapes(rig), own))
        except ValueError as error:
            raise InputError(str(error)) from error
        except OSError as error:
            raise InputError(f"{rig} cannot be read: {error.strerror}.") from error
        make_folder(to.parent)
        write_bytes(to, mapping_text(fit.recipes()).encode())
    for name, error, worst in zip(fit.sources, fit.error, fit.worst, strict=True):
        if not np.isnan(error):  # the skin has a part in it
            poor = "  (hardly there)" if error > _POOR else ""
            typer.echo(f"{name:20} misses {error:4.0%}, at most {1000 * worst:4.1f} mm{poor}")
    typer.echo(f"{to}: {len(fit.recipes())} of {len(fit.targets)} shapes are driven.")
