"""FLAME's Exp1 to Exp100 (and SMPL-X's): directions of greatest variance, not movements of the face.

A name says nothing of what such a key does, and a table for all of them would need FLAME's own licensed data; so they are
recognised and told to the user instead of being guessed at. Rows for them can be added by hand.
"""

import re

LABEL = "FLAME"

NAME = re.compile(r"exp[ _.-]?[0-9]{1,3}", re.IGNORECASE)
