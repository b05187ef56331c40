"""How long to wait for a reply: derived from what was sent and from how fast the device has proved to be."""

from __future__ import annotations

from dataclasses import dataclass

_FADE = 0.8
_SLOWEST_FACTOR = 4


@dataclass(slots=True)
class Pace:
    """Patience, and what is learned of the device while talking to it.

    Attributes:
        base_s: What every reply may take beyond its bytes and its inference before the request is repeated.
        silent_s: A device that answers nothing for so long, beyond what it has to do, is given up.
        first_run_s: How long the first inference may take, while its duration is not known.
        connect_s: How long to go on saying hello.
        byte_s: Seconds a byte takes on this link; starts near 115,200 baud.
        run_s: Seconds from asking for an inference to its reply, at least; 0 until known.
        longest_run_s: The most an inference took, repeated requests included; None until known.
    """

    base_s: float = 0.25
    silent_s: float = 5.0
    first_run_s: float = 60.0
    connect_s: float = 10.0
    byte_s: float = 100e-6
    run_s: float = 0.0
    longest_run_s: float | None = None

    def retry_s(self, sent_bytes: int, *, runs: bool, attempt: int) -> float:
        """How long to wait before repeating a request; longer with the first few attempts."""
        patience = self.base_s + sent_bytes * self.byte_s + (2 * self.run_s if runs else 0.0)
        return patience * min(1 << attempt, _SLOWEST_FACTOR)

    def give_up_s(self, sent_bytes: int, *, runs: bool) -> float:
        """How long to wait for a reply in all."""
        run_s = 0.0
        if runs:
            run_s = self.first_run_s if self.longest_run_s is None else 10 * self.longest_run_s
        return self.silent_s + 4 * sent_bytes * self.byte_s + run_s

    def learn_transfer(self, transferred_bytes: int, response_s: float) -> None:
        """Takes note of how long a reply without inference took, from the last time it was asked for."""
        self.byte_s = max(response_s / transferred_bytes, self.byte_s * _FADE)

    def learn_run(self, ticks: int, tick_rate: int, response_s: float, elapsed_s: float) -> None:
        """Takes note of an inference.

        Args:
            ticks: What the board counted.
            tick_rate: Ticks a second; 0 when they do not measure time.
            response_s: From the last time it was asked for to the reply. Never more than it truly took: were the
                time since the first attempt taken, every lost frame would make the wait for the next one longer.
            elapsed_s: From the first time it was asked for.
        """
        run_s = ticks / tick_rate if tick_rate else response_s
        self.run_s = max(run_s, self.run_s * _FADE)
        self.longest_run_s = min(max(elapsed_s, self.run_s, self.longest_run_s or 0.0), self.first_run_s)
