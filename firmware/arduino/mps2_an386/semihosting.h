/* ARM semihosting: services of the emulator, asked for with BKPT 0xAB.
 *
 * Source: "Semihosting for AArch32 and AArch64", Arm, 2.0. Without an emulator that answers, every call returns -1:
 * faults.c steps over the breakpoint.
 */
#ifndef BOARDPROOF_SEMIHOSTING_H
#define BOARDPROOF_SEMIHOSTING_H

#include <stddef.h>
#include <stdint.h>

enum semihosting_mode { SEMIHOSTING_READ = 1, SEMIHOSTING_WRITE = 5 }; /* fopen's "rb" and "wb" */

/* A handle, or -1. `path` is terminated, and `size` is its length without that. */
int semihosting_open(const char *path, size_t size, enum semihosting_mode mode);

/* Both return the number of bytes that were NOT moved (`size`: end of file, or nothing could be written). */
size_t semihosting_read(int handle, void *buffer, size_t size);
size_t semihosting_write(int handle, const void *data, size_t size);

/* Text to the emulator's console. */
void semihosting_print(const char *text);

/* The emulator's command line, always terminated; "" when there is none. */
void semihosting_command_line(char *buffer, size_t size);

/* Ends the emulator with status 0, or with status 1 for any other `status`. Returns only when there is no emulator. */
void semihosting_exit(int status);

#endif
