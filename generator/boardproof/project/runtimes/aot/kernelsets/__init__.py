"""Kernels for what a core can do: one package each."""
