"""How `speech/nets` are made: synthetic voices whose phones are known, and a small net that learns to hear them."""
