"""Garrick: an editable performance and neural frames from a portrait, a voice and a line of text."""

__version__ = "0.1.0"
