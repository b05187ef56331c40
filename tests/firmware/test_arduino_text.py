"""Text in our Arduino core, built for this machine with sanitizers: numbers and words in a stream, and strings."""

from __future__ import annotations

import subprocess

import pytest

from boardproof.project.resources import resource

pytestmark = pytest.mark.native

SKETCH = r"""
#include <stdio.h>
#include "Arduino.h"

unsigned long millis(void) {
    static unsigned long now = 0;
    return now += 100;
}

class Text : public Stream {
  public:
    explicit Text(const char *text) : left(text) {}
    int available() override { return *left != '\0'; }
    int peek() override { return *left == '\0' ? -1 : static_cast<unsigned char>(*left); }
    int read() override { return *left == '\0' ? -1 : static_cast<unsigned char>(*left++); }
    size_t write(uint8_t) override { return 0; }

  private:
    const char *left;
};

int main(int, char **arguments) {
    Text text(arguments[2]);
    if (arguments[1][0] == 'f') {
        const int found = text.find(arguments[3]);
        printf("%d %d\n", found, text.peek());
    } else if (arguments[1][0] == 'i') {
        printf("%ld\n", text.parseInt());
    } else {
        String string(arguments[2]);
        for (int i = 0; i < 3; ++i) {
            string.concat(string);
        }
        string.concat(string.c_str() + 1, 2);
        string.concat(string.c_str());
        printf("%s\n", string.c_str());
    }
    return 0;
}
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder, core = tmp_path_factory.mktemp("text"), resource("firmware/arduino")
    (folder / "main.cpp").write_text(SKETCH)
    sources = [folder / "main.cpp", *(core / f"{name}.cpp" for name in ("Stream", "Print", "WString"))]
    flags = ["-std=c++17", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", f"-I{core}"]
    program = folder / "program"
    subprocess.run(["g++", *flags, *map(str, sources), "-o", str(program)], check=True)

    def ask(*arguments: str) -> str:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return ask


@pytest.mark.parametrize(
    ("text", "target"),
    [("xaab!", "aab"), ("aaab!", "aab"), ("ababac!", "abac"), ("aabaaabaab!", "aabaab"), ("ab", "abc"), ("", "a")],
)
def test_a_word_is_found_wherever_it_begins(text, target, said):
    end = text.find(target) + len(target)
    expected = f"1 {ord(text[end])}" if target in text else "0 -1"
    assert said("find", text, target) == expected


def test_numbers_in_a_stream(said):
    assert said("integer", "a = -12;") == "-12"
    assert said("integer", "none") == "0"
    assert int(said("integer", "99999999999999999999")) == 99999999999999999999 - 5 * 2**64
    assert int(said("integer", str(-(2**63)))) == -(2**63)


def test_a_string_grows_by_itself(said):
    expected = "abc" * 8 + "bc"
    assert said("string", "abc") == 2 * expected
