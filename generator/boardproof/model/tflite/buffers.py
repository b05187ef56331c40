"""Buffers of a .tflite, written as its schema demands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_edge_litert import schema_py_generated as schema

if TYPE_CHECKING:
    import flatbuffers

BUFFER_ALIGNMENT = 16
"""As the schema demands; generated Python code forgets it, and processors may fault on floats that are not aligned."""


class AlignedBuffer(schema.BufferT):  # type: ignore[misc] # generated code has no types
    """A buffer that is packed at once, and aligned; its data are bytes, or an array of uint8."""

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802 the generated code's name
        """Writes it."""
        vector = None
        if self.data is not None:
            raw = bytes(self.data)
            builder.StartVector(1, len(raw), BUFFER_ALIGNMENT)
            builder.head -= len(raw)
            builder.Bytes[builder.head : builder.head + len(raw)] = raw
            vector = builder.EndVector()
        schema.BufferStart(builder)
        if vector is not None:
            schema.BufferAddData(builder, vector)
        schema.BufferAddOffset(builder, self.offset)
        schema.BufferAddSize(builder, self.size)
        return int(schema.BufferEnd(builder))
