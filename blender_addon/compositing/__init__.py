"""The rendered frames in the artist's scene: compositor, sequencer, plates, and their colours under any view transform."""
