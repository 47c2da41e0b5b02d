"""How the motion nets are made and measured: captured and ruled motion, and a diffusion transformer that learns both."""
