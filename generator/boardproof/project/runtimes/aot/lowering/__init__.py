"""From operators to calls of portable kernels, with the constants they read."""
