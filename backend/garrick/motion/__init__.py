"""Phase 3: Speech becomes a Performance."""
