"""How every shipped table and weight was made, re-runnable."""
