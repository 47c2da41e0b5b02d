"""Phase 1: an image becomes a Portrait."""
