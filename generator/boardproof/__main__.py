"""Lets `python -m boardproof` do what the `boardproof` command does."""

from boardproof.cli import entry

if __name__ == "__main__":
    entry()
