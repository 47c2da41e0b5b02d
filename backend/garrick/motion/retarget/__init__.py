"""Our face on rigs whose shapes are not ARKit's."""
