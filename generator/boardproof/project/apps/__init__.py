"""What surrounds a network: sensors, windows, decisions, actions.

Read in this order: application.py (what an application is), settings.py (how boardproof.toml says it), stream.py (what
it computes, for the host), render.py (the firmware around it), sensors.py and actions.py (what is at its ends).
"""
