"""How boardproof behaves on this computer: files that are whole, Ctrl-C that is not lost, a notebook that listens."""
