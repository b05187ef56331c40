/* What the Arduino core needs of the machine beneath it: one implementation per folder (mps2_an386, nrf52840,
 * native); what boards with a Cortex-M4 share is in cortex_m4, what all share (faults) in fault.cpp.
 *
 * The byte stream's rules (when a read waits, what end of file does) are in STREAMS.md.
 */
#ifndef BOARDPROOF_MACHINE_H
#define BOARDPROOF_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opens the byte stream. Called once, before setup(). */
void machine_start(void);

/* Reads what is there, at most `size` bytes, and returns their number. With `wait`, waits for the host first if the
 * stream can (see STREAMS.md); without, may answer 0 although bytes are there. End of file ends the program. */
size_t machine_read(uint8_t *buffer, size_t size, int wait);

/* Writes all of it. */
void machine_write(const uint8_t *data, size_t size);

/* Microseconds since the start; emulated boards count emulated time. */
uint64_t machine_micros(void);

/* Text for the console (the emulator's or the process's stderr), never for the byte stream. */
void machine_log(const char *text);

/* The function that passes a fault's description on to the host; NULL for none. It runs on a stack of 1 KiB. */
void machine_set_fault_report(void (*report)(const char *text));

/* Says that the program cannot go on and why, on the console and through the fault report, and ends it with status 1.
 */
void machine_fault(const char *text) __attribute__((noreturn));

/* Ends the emulator or the process. */
void machine_exit(int status) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif
