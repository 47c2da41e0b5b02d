"""A performance on the artist's own character: a mapping table from what a performance carries to keys and bones."""
