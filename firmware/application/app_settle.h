/* Between memory and a count or flag that hands it over to whoever interrupts, or was interrupted: compilers may move
 * neither past the other. One core has no more to do. */
#ifndef BOARDPROOF_APP_SETTLE_H
#define BOARDPROOF_APP_SETTLE_H

#include <stdatomic.h>

static inline void app_settle(void) {
    atomic_signal_fence(memory_order_seq_cst);
}

#endif
