"""What surrounds a network: sensors, windows, decisions, actions.

Read in this order: application.py (what an application is), settings.py (how boardproof.toml says it), fit.py (whether
its parts go together), stream.py (what it computes, for the host), parts.py (its networks in C), render.py (the
firmware around them), library.py (the same as a library), sensors.py and actions.py (what is at its ends).
"""
