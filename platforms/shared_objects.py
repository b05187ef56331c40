"""Lets SCons take compiled objects from, and put them into, a cache that projects share.

A PlatformIO extra script. PlatformIO's own build_cache_dir would do the same, but keeps SCons's signature database in
that directory too, where two builds at once overwrite each other's.
"""

import hashlib
import os
import shutil

Import("env")  # noqa: F821 - SCons provides it


def compiler_id(path: str) -> str:
    """Tells compilers apart: SCons's signatures hold the compiler's name but not its version."""
    sha = hashlib.sha256()
    for name in ("arm-none-eabi-gcc", "gcc"):
        program = shutil.which(name, path=path)
        if program is not None:
            status = os.stat(program)  # noqa: PTH116 - follows links, which is the point
            sha.update(f"{os.path.realpath(program)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return sha.hexdigest()[:16]


env.CacheDir(os.path.join(os.environ["BOARDPROOF_OBJECTS_DIR"], compiler_id(env["ENV"]["PATH"])))  # noqa: F821, PTH118
