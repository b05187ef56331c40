#include "nn_binary.h"
#include "nn_broadcast.h"
#include "nn_fixed.h"
#include "nn_requant.h"

static int8_t divide(const struct nn_mul_quantized *op, int32_t a, int32_t b) {
    const int32_t signed_divisor = b - op->zero_point2;
    const int32_t magnitude = signed_divisor < 0 ? -signed_divisor : signed_divisor;
    const uint32_t divisor = magnitude > 0 ? (uint32_t)magnitude : 1;
    const int32_t dividend = signed_divisor < 0 ? op->zero_point1 - a : a - op->zero_point1;
    /* 1 / divisor is reciprocal * 2^-31 * 2^(zeros - 31). */
    const int32_t zeros = nn_leading_zeros(divisor);
    const int32_t reciprocal = nn_reciprocal_of_one_plus((int32_t)((divisor << zeros) & INT32_MAX));
    const int32_t headroom = nn_leading_zeros((uint32_t)(dividend < 0 ? ~dividend : dividend)) - 1;
    const int32_t quotient = nn_multiply_high(nn_shift_left(dividend, headroom), reciprocal);
    const int32_t scaled =
        nn_round_shift(nn_multiply_high(quotient, op->output_multiplier), 31 - zeros + headroom - op->output_shift);
    return (int8_t)nn_clamp(scaled + op->output_zero_point, op->activation_min, op->activation_max);
}

NN_BROADCAST_KERNEL(nn_div_s8, nn_mul_quantized, int8_t, int8_t, int8_t, divide)
