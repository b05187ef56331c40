"""Does the board agree? Runs the samples, compares every byte, and looks for the first operator that differs."""
