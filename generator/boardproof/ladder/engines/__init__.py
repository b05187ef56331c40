"""What hands out a ladder's jobs: to processes on this machine, or to workers on several."""
