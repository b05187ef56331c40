"""Lets `python -m boardproof` do what the `boardproof` command does."""

from boardproof.cli.commands import entry

if __name__ == "__main__":
    entry()
