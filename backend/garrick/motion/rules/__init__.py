"""What the literature says of a speaker's mouth, brows, eyes and head: each behaviour by its numbers and its paper."""
