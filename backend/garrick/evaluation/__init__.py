"""Phase 4: figures that say how good a performance and its frames are."""
