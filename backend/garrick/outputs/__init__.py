"""Phase 5: a shot folder on disk. Whatever has its final name there is whole; `.garrick/` holds what a resume needs."""
