"""The HTTP service: job store, worker processes, assets, events, stream."""
