"""Figures against the budgets and the peers: `python -m garrick.benchmarks main`."""
