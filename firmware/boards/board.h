/* What the application needs of a board beyond the Arduino core. One C file per board implements it. */
#ifndef BOARDPROOF_BOARD_H
#define BOARDPROOF_BOARD_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum board_tick_unit { BOARD_CYCLES = 0, BOARD_INSTRUCTIONS = 1, BOARD_MICROSECONDS = 2 };

/* Starts the tick counter. Called once from setup(). */
void board_init(void);

/* A free-running 32-bit counter, wrapping; differences are modulo 2^32. */
uint32_t board_ticks(void);

extern const uint8_t board_tick_unit;  /* enum board_tick_unit */
extern const uint32_t board_tick_rate; /* ticks a second, or 0 when they do not measure time */

/* Bytes of stack used at the deepest so far (or since board_stack_repaint), and its size; 0 when not known. */
uint32_t board_stack_peak(void);
uint32_t board_stack_size(void);

/* Paints the unused part of the stack again, so that the next peak belongs to what runs next. */
void board_stack_repaint(void);

/* The reason for the last reset or fault as text, or "" (a fault handler that survives a reset fills it in). */
const char *board_fault(void);

/* Sets the function that passes a fault's description on to the host, such as in a log frame; NULL for none. It is
 * called once, on a stack of 1 KiB, before the program ends; boards that cannot call it after a fault ignore it. */
void board_set_fault_report(void (*report)(const char *text));

#ifdef __cplusplus
}
#endif

#endif
