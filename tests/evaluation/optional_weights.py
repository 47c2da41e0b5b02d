"""Weights that a job does not need: tests that want them are skipped where they were not pulled."""

import pytest
from garrick.errors import MissingError
from garrick.weights import registry


def needs_weights(name: str) -> pytest.MarkDecorator:
    """A mark for a test; name: of an entry of the extra "quality"."""
    try:
        registry.path(name)
    except MissingError as missing:
        return pytest.mark.skip(reason=missing.fix or missing.user_message)
    return pytest.mark.skipif(False, reason="")
