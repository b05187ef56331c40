"""Boards that are plugged in: which port, which bootloader, how firmware gets there."""
