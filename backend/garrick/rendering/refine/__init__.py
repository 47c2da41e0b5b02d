"""The face-region net: what the geometry path gets wrong in the face is added to its frames."""
