"""boardproof: a Keras model in; microcontroller firmware out, proven bit for bit on the board or its emulator."""

__version__ = "0.1.0"
