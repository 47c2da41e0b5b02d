"""Edit and re-render: read what the artist made of a shot, render what has changed, swap the frames, keep every version."""
