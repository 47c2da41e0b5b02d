"""The link to the backend: finding it, starting it, setting it up, and knowing how it does."""
