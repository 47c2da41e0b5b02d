"""How the sample portrait is made: see `../make_portrait.py`."""
