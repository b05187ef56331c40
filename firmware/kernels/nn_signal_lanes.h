/* Instructions on two lanes of 16 bits that only signals need, as in nn_dsp.h. */
#ifndef NN_SIGNAL_LANES_H
#define NN_SIGNAL_LANES_H

#include "nn_dsp.h"

/* One lane as a number. */
static inline int32_t nn_lane_low(uint32_t word) {
    return (int16_t)(uint16_t)word;
}

static inline int32_t nn_lane_high(uint32_t word) {
    return (int16_t)(uint16_t)(word >> 16);
}

#if NN_HAS_DSP

static inline int32_t nn_smlsd(uint32_t a, uint32_t b, int32_t acc) {
    int32_t r;
    __asm__("smlsd %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
    return r;
}

static inline int32_t nn_smladx(uint32_t a, uint32_t b, int32_t acc) {
    int32_t r;
    __asm__("smladx %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
    return r;
}

static inline uint32_t nn_sasx(uint32_t a, uint32_t b) {
    uint32_t r;
    __asm__("sasx %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
    return r;
}

static inline uint32_t nn_ssax(uint32_t a, uint32_t b) {
    uint32_t r;
    __asm__("ssax %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
    return r;
}

/* The low half of `low`, and above it bits 15 to 30 of `high`. */
static inline uint32_t nn_pkhbt_1(int32_t low, int32_t high) {
    uint32_t r;
    __asm__("pkhbt %0, %1, %2, lsl #1" : "=r"(r) : "r"(low), "r"(high));
    return r;
}

static inline uint32_t nn_smax16(uint32_t a, uint32_t b) {
    uint32_t r;
    __asm__("ssub16 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(r) : "r"(a), "r"(b) : "cc");
    return r;
}

static inline uint32_t nn_smin16(uint32_t a, uint32_t b) {
    uint32_t r;
    __asm__("ssub16 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(r) : "r"(a), "r"(b) : "cc");
    return r;
}

#else

static inline int32_t nn_smlsd(uint32_t a, uint32_t b, int32_t acc) {
    return nn_lane_low(a) * nn_lane_low(b) - nn_lane_high(a) * nn_lane_high(b) + acc;
}

static inline int32_t nn_smladx(uint32_t a, uint32_t b, int32_t acc) {
    return nn_lane_low(a) * nn_lane_high(b) + nn_lane_high(a) * nn_lane_low(b) + acc;
}

static inline uint32_t nn_sasx(uint32_t a, uint32_t b) {
    return nn_lanes(nn_lane_low(a) - nn_lane_high(b), nn_lane_high(a) + nn_lane_low(b));
}

static inline uint32_t nn_ssax(uint32_t a, uint32_t b) {
    return nn_lanes(nn_lane_low(a) + nn_lane_high(b), nn_lane_high(a) - nn_lane_low(b));
}

static inline uint32_t nn_pkhbt_1(int32_t low, int32_t high) {
    return nn_lanes(low, high >> 15);
}

static inline uint32_t nn_smax16(uint32_t a, uint32_t b) {
    return nn_lanes(nn_lane_low(a) > nn_lane_low(b) ? nn_lane_low(a) : nn_lane_low(b),
                    nn_lane_high(a) > nn_lane_high(b) ? nn_lane_high(a) : nn_lane_high(b));
}

static inline uint32_t nn_smin16(uint32_t a, uint32_t b) {
    return nn_lanes(nn_lane_low(a) < nn_lane_low(b) ? nn_lane_low(a) : nn_lane_low(b),
                    nn_lane_high(a) < nn_lane_high(b) ? nn_lane_high(a) : nn_lane_high(b));
}

#endif

#endif
