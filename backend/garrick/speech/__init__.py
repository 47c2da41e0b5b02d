"""Phase 1: text becomes a voice; a voice becomes phones, words and prosody."""
