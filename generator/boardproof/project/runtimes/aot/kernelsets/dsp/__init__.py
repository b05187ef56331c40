"""Kernels for cores with the DSP extension: which operator can have which, and constants in the layouts they read."""
