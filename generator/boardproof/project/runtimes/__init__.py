"""What executes a model on the board: one module per runtime, and the dict that lists them."""
