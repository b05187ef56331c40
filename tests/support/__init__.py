"""What several test rooms share: models built without TensorFlow, and the like."""
