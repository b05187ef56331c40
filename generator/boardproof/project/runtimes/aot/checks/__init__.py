"""What cannot be compiled, or not exactly, or not for this board: said before anything is generated."""
