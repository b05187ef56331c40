"""Runs clang-format over every C and C++ source that git knows; --fix rewrites them instead of complaining."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CLANG_FORMAT = Path(sys.executable).with_name("clang-format")
PATTERNS = ("firmware/**/*.[ch]", "firmware/**/*.cpp", "firmware/**/*.inc", "platforms/**/*.[ch]", "tests/**/*.[ch]")
GENERATED = ":(exclude,glob)tests/project/golden/**"


def main() -> int:
    listed = subprocess.run(
        [
            "git",
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            *(f":(glob){p}" for p in PATTERNS),
            GENERATED,
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    files = [file for file in listed.stdout.split() if Path(file).exists()]
    mode = ["-i"] if "--fix" in sys.argv[1:] else ["--dry-run", "--Werror"]
    return subprocess.run([CLANG_FORMAT, *mode, *files], check=False).returncode if files else 0


if __name__ == "__main__":
    sys.exit(main())
