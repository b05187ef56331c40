#include "nn_f32.h"

#include <float.h>

#include "nn_conv_f32_fpu.h"

void nn_limit_f32_fpu(float *data, int32_t count, float low, float high, int32_t finite) {
    const int32_t raised = finite && (low == 0.0F || low == -FLT_MAX);
    if (raised && high == FLT_MAX) {
        return;
    }
    if (finite && low == 0.0F) { /* numbers that are not negative are in the order of their bits */
        const uint32_t most = nn_bits_f32(high);
        for (; count > 0; --count, ++data) {
            if (nn_bits_f32(*data) > most) {
                *data = high;
            }
        }
        return;
    }
    for (; count > 0; --count, ++data) {
        *data = nn_clamp_f32(*data, low, high);
    }
}
