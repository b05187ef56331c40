"""The Arduino core for emulated boards: cores/arduino beside this platform, or firmware/arduino in a checkout."""

import os
from pathlib import Path

from SCons.Script import DefaultEnvironment

env = DefaultEnvironment()
platform_dir = Path(env.PioPlatform().get_dir())
port = env.BoardConfig().get("build.port", [env.BoardConfig().get("build.machine")])  # folders of the core

bundled = platform_dir / "cores" / "arduino"
core = bundled if bundled.is_dir() else platform_dir.parent.parent / "firmware" / "arduino"

env.Append(CPPPATH=[str(core)], CPPDEFINES=[("ARDUINO", 10819)])
for script in (core / folder / "memory.ld" for folder in port):
    if script.is_file():
        # Relative, because the project's path may hold characters that the shell between SCons and the linker takes
        # apart.
        env.Replace(LDSCRIPT_PATH=os.path.relpath(script))

# Objects, not an archive: the vector table is referred to by nothing but the linker script.
core_env = env.Clone()
core_env.Append(CCFLAGS=["-Os"])
core_env.BuildSources("$BUILD_DIR/core", str(core), " ".join(["+<*.cpp>", *(f"+<{folder}/>" for folder in port)]))
