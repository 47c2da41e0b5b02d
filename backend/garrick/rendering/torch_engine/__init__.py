"""The renderer's costly stages in torch, many frames at once, for machines with a GPU; twins of the numba kernels."""
