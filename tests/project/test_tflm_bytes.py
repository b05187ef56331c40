import re

import pytest

from boardproof.project.runtimes.tflm.bytes import c_bytes


@pytest.mark.parametrize("size", [1, 15, 16, 17, 32, 1000])
def test_the_text_holds_every_byte_in_order(size):
    data = bytes(i * 7 % 256 for i in range(size))
    text = c_bytes(data).decode()
    assert bytes(int(item, 16) for item in re.findall(r"0x([0-9a-f]{2}),", text)) == data


def test_lines_have_sixteen_items_an_indent_and_no_trailing_blank():
    lines = c_bytes(bytes(range(34))).decode().split("\n")
    assert (
        lines[0]
        == "    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,"
    )
    assert lines[2] == "    0x20, 0x21,"
    assert lines[3] == ""
