#include "nn_clamp_dsp.h"

#include "nn_dsp.h"

void nn_clamp_s8_dsp(int8_t *data, int32_t count, int32_t low, int32_t high) {
    const uint32_t ones = 0x01010101U;
    const uint32_t least = (uint32_t)(uint8_t)low * ones;
    const uint32_t most = (uint32_t)(uint8_t)high * ones;
    if (low <= INT8_MIN && high >= INT8_MAX) {
        return;
    }
    for (; count >= 4; count -= 4, data += 4) {
        nn_store_word(data, nn_smin8(nn_smax8(nn_load_word(data), least), most));
    }
    for (; count > 0; --count, ++data) {
        *data = (int8_t)(*data < low ? low : *data > high ? high : *data);
    }
}
