"""Generated frames and streams, for the codec's tests in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from boardproof.device.protocol.frames import Frame

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject, SearchStrategy

# Runs of equal bytes as well: block borders at 254 are where COBS goes wrong.
_payloads = st.binary(max_size=300) | st.builds(
    lambda parts: b"".join(bytes([value]) * count for value, count in parts),
    st.lists(st.tuples(st.sampled_from([0, 1, 0x55, 255]), st.sampled_from([1, 2, 253, 254, 255])), max_size=4),
)


def frames() -> SearchStrategy[Frame]:
    """Frames with payloads up to 1,020 bytes."""
    return st.builds(
        Frame,
        channel=st.integers(0, 255),
        type=st.integers(0, 255),
        session=st.integers(0, 65535),
        sequence=st.integers(0, 65535),
        payload=_payloads,
    )


def split(data: DataObject, stream: bytes) -> list[bytes]:
    """The stream in pieces: whole, single bytes, or cut at drawn positions."""
    how = data.draw(st.sampled_from(["whole", "bytes", "cut"]))
    if how == "whole":
        return [stream]
    if how == "bytes":
        return [bytes([value]) for value in stream]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    return [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
