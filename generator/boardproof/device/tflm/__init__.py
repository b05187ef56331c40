"""TensorFlow Lite Micro's library, fetched, and its arena, measured."""
