/* The registers this port touches beside the core's own.
 *
 * Sources: Cortex-M System Design Kit TRM (DDI 0479), APB UART and timer; Application Note AN386, memory map.
 */
#ifndef BOARDPROOF_MPS2_REGISTERS_H
#define BOARDPROOF_MPS2_REGISTERS_H

#include "cortex_m4/system_control.h"

/* CMSDK timer 0: counts down at 25 MHz. */
#define TIMER_CTRL REGISTER(0x40000000u)
#define TIMER_VALUE REGISTER(0x40000004u)
#define TIMER_RELOAD REGISTER(0x40000008u)

/* CMSDK UART 0. */
#define UART_DATA REGISTER(0x40004000u)
#define UART_STATE REGISTER(0x40004004u)
#define UART_CTRL REGISTER(0x40004008u)
#define UART_BAUDDIV REGISTER(0x40004010u)

#endif
