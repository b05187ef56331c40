#include "nn_conv_s16_dsp.h"

void nn_clamp_s16_dsp(int16_t *data, int32_t count, int32_t low, int32_t high, int32_t positive) {
    if (low <= (positive ? 0 : INT16_MIN) && high >= INT16_MAX) {
        return;
    }
    for (; count > 0; --count, ++data) {
        *data = (int16_t)(*data < low ? low : *data > high ? high : *data);
    }
}
