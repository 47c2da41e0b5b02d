"""The registry of third-party weights and body data, taken out of pinned packages."""
