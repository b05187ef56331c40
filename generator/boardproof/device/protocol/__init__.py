"""What host and board say to each other: frames, messages, exchanges, sessions."""
