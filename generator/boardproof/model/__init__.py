"""The first room: what is the network? Nothing here knows of files, toolchains or devices."""
