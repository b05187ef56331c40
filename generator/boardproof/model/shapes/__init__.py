"""Which shapes fit which operators."""
