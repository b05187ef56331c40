*** Comments ***
Boots the firmware on an emulated nRF52840, says hello in boardproof's protocol, and checks that it answers with its
model's SHA-256. Build the project, then: renode-test renode/boardproof.robot

*** Variables ***
${ELF}        ${CURDIR}/../.pio/build/nrf52840-renode/firmware.elf
@{HELLO}      0x00  0x01  0x04  0x01  0x01  0x01  0x01  0x07  0x01  0x01  0x1f  0x2f  0x75  0x5b  0x00
${ANSWER}     \\x00\\x05\\x01\\x01\\x01\\x01\\x01\\x01\\x01
# Model 00ff5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a01, as it travels: a zero byte becomes something else.
${MODEL}      [\\x01-\\xff]\\xff\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x5a\\x01

*** Test Cases ***
Should Say Which Model It Runs
    Execute Command             mach create
    Execute Command             machine LoadPlatformDescription @${CURDIR}/boardproof.repl
    Execute Command             sysbus LoadELF @${ELF}
    Create Terminal Tester      sysbus.uart0  binaryMode=true
    # The firmware starts its UART; only then does it hear anything.
    Execute Command             emulation RunFor "0.1"
    FOR  ${byte}  IN  @{HELLO}
        Execute Command         sysbus.uart0 WriteChar ${byte}
    END
    Start Emulation
    Wait For Bytes On Uart      ${ANSWER}  timeout=1  treatAsRegex=true
    Wait For Bytes On Uart      ${MODEL}  timeout=1  treatAsRegex=true
