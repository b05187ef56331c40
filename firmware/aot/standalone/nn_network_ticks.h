/* What calls of kernels are timed with, for <network>_op_ticks: nothing, or a function of yours, such as with
 * -DMODEL_TICKS=my_ticks. */
#ifndef NN_NETWORK_TICKS_H
#define NN_NETWORK_TICKS_H

#include <stdint.h>

#ifdef MODEL_TICKS
uint32_t MODEL_TICKS(void);
#endif

static inline uint32_t nn_network_ticks(void) {
#ifdef MODEL_TICKS
    return MODEL_TICKS();
#else
    return 0;
#endif
}

#endif
