"""How the face-region net of `garrick.rendering.refine` is made."""
