"""From the bytes of a .tflite file to a `Graph`, and what is needed on the way."""
