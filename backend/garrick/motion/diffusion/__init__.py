"""Motion that was learned: a diffusion transformer that adds to the rules what speakers do beside them (ChatAnyone 2025)."""
