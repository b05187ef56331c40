"""How a board is talked to: serial port, QEMU, Renode, process."""
