"""What the pipeline is made of: each stage takes frozen values and gives one. Their order is in pipeline.py."""
