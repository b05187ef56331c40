"""The second room: which files make the firmware? Everything here stays in memory."""
