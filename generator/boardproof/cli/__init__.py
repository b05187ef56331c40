"""The command line: commands, flags, and what a person sees on the console."""
