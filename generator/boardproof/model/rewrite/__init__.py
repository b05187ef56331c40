"""Changes to a .tflite that keep its values: what boards lack becomes what they have."""
