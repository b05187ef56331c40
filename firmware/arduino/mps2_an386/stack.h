/* The stack's high-water mark: unused words hold a pattern, the first that does not ends the unused part. */
#ifndef BOARDPROOF_MPS2_STACK_H
#define BOARDPROOF_MPS2_STACK_H

#include <stdint.h>

extern uint32_t __stack_bottom[], __stack_top[];

/* Paints everything below the caller's frame. */
void stack_paint(void);

/* Bytes used at the deepest since stack_paint(), and in all. */
uint32_t stack_peak(void);
uint32_t stack_size(void);

#endif
