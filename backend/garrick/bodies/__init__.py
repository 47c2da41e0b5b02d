"""Parametric models: the 3DMM head, its landmark embedding and its skeleton description."""
