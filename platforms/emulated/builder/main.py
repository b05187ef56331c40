"""Builds firmware for a board that is emulated, with compilers from PATH.

SCons runs this file in an environment of PlatformIO's making; `board` and its "build.*" values come from boards/*.json.
"""

import sys

from platformio.proc import where_is_program
from SCons.Script import COMMAND_LINE_TARGETS, AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()
board = env.BoardConfig()
toolchain = board.get("build.toolchain")
is_host = toolchain == ""

DEBIAN_PACKAGES = {
    True: "g++",
    False: "gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib",
}

if not where_is_program(f"{toolchain}g++", env["ENV"]["PATH"]):
    sys.stderr.write(
        f"Error: {toolchain}g++ is not on PATH. On Debian or Ubuntu: sudo apt-get install {DEBIAN_PACKAGES[is_host]}\n"
    )
    env.Exit(1)

env.Replace(
    CC=f"{toolchain}gcc",
    CXX=f"{toolchain}g++",
    AS=f"{toolchain}as",
    AR=f"{toolchain}ar",
    RANLIB=f"{toolchain}ranlib",
    GDB="gdb" if is_host else "gdb-multiarch",
    ARFLAGS=["rc"],
    PROGNAME="firmware",
    PROGSUFFIX=".elf",
)

SECTIONS = ["-ffunction-sections", "-fdata-sections"]

env.Append(
    ASPPFLAGS=["-x", "assembler-with-cpp"],
    CCFLAGS=["-g1", *SECTIONS],
    CFLAGS=["-std=gnu11"],
    CXXFLAGS=["-std=gnu++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"],
    LINKFLAGS=["-Wl,--gc-sections", *SECTIONS],  # again, for link-time optimization
    LIBS=["m"],
)

if not is_host:
    machine = board.get("build.cpu_flags")
    env.Append(
        ASFLAGS=machine,
        CCFLAGS=machine,
        LINKFLAGS=[*machine, "--specs=nano.specs", "-nostartfiles"],
    )
    env.Replace(
        AR=f"{toolchain}gcc-ar",  # unlike "ar", these read the symbols of objects for link-time optimization
        RANLIB=f"{toolchain}gcc-ranlib",
        SIZETOOL=f"{toolchain}size",
        SIZEPROGREGEXP=r"^(?:\.text|\.rodata|\.data|\.ARM\.exidx|\.ARM\.extab)\s+(\d+).*",
        SIZEDATAREGEXP=r"^(?:\.data|\.bss)\s+(\d+).*",
        SIZECHECKCMD="$SIZETOOL -A -d $SOURCES",
        SIZEPRINTCMD="$SIZETOOL -B -d $SOURCES",
    )

program = None if "nobuild" in COMMAND_LINE_TARGETS else env.BuildProgram()
firmware = program or env.File("${BUILD_DIR}/${PROGNAME}${PROGSUFFIX}")

run = env.VerboseAction(board.get("build.run"), "Running $SOURCE; its serial port is this terminal")

env.AddTarget("exec", firmware, run, title="Run", description="Run the firmware with its serial port on this terminal")
say_how_to_run = env.Action("@echo 'Nothing to upload to: run the firmware with pio run -t exec'")
AlwaysBuild(env.Alias("upload", firmware, say_how_to_run))
AlwaysBuild(env.Alias("nobuild", firmware))
Default([env.Alias("buildprog", firmware, firmware)])
