"""What outputs are worth: float model, host and board side by side, in the measure that the labels ask for."""
