"""Live: the rig driven from the stream while a voice is heard, and recorded."""
