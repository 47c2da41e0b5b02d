"""Tools on the curves of a performance, and motion files of other programs."""
