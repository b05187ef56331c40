"""The operators of a network, as dataclasses, by kind. graph.py has them all under one name."""
