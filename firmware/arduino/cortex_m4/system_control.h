/* Registers of the Cortex-M4 itself.
 *
 * Source: Armv7-M Architecture Reference Manual (DDI 0403), B3 and C1.
 */
#ifndef BOARDPROOF_CORTEX_M4_SYSTEM_CONTROL_H
#define BOARDPROOF_CORTEX_M4_SYSTEM_CONTROL_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* System control block. */
#define SCB_CCR REGISTER(0xE000ED14u)
#define SCB_SHCSR REGISTER(0xE000ED24u)
#define SCB_CFSR REGISTER(0xE000ED28u)
#define SCB_HFSR REGISTER(0xE000ED2Cu)
#define SCB_MMFAR REGISTER(0xE000ED34u)
#define SCB_BFAR REGISTER(0xE000ED38u)
#define SCB_CPACR REGISTER(0xE000ED88u)

/* Memory protection unit. */
#define MPU_CTRL REGISTER(0xE000ED94u)
#define MPU_RBAR REGISTER(0xE000ED9Cu)
#define MPU_RASR REGISTER(0xE000EDA0u)

/* Debug exception and monitor control; data watchpoint and trace unit. */
#define DEMCR REGISTER(0xE000EDFCu)
#define DWT_CTRL REGISTER(0xE0001000u)
#define DWT_CYCCNT REGISTER(0xE0001004u)

#endif
