"""The third room: does it run, and does it agree? Every process, port and directory is touched here."""
