"""Import of a shot folder, the one that `garrick perform` writes: scene building split by subject."""
