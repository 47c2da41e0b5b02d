"""Phase 3: Portrait + Performance + CameraPath become a Take."""
