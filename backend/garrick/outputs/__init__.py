"""Phase 5: files."""
