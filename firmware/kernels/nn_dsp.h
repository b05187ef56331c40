/* The DSP instructions the _dsp kernels are made of, one function each, with portable definitions of the same meaning.
 *
 * With them an _dsp kernel compiles for every core: on a host it is what the tests run, on Armv7E-M and Armv8-M with
 * the DSP extension each function is one instruction. A word is two lanes of 16 bits or four bytes, lowest first.
 */
#ifndef NN_DSP_H
#define NN_DSP_H

#include <stdint.h>
#include <string.h>

/* Whether the instructions exist: Thumb code only, so that the assembly blocks can rely on it. */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb__)
#define NN_HAS_DSP 1
#else
#define NN_HAS_DSP 0
#endif

/* Parameters of functions that are all assembly. */
#define NN_UNUSED __attribute__((unused))

/* Functions whose loops lose their registers where they are inlined into others. */
#define NN_APART __attribute__((noinline))

/* Four bytes from any address (one LDR: Armv7-M loads words unaligned). */
static inline uint32_t nn_load_word(const void *address) {
    uint32_t word;
    memcpy(&word, address, sizeof word);
    return word;
}

static inline uint32_t nn_load_half(const void *address) {
    uint16_t half;
    memcpy(&half, address, sizeof half);
    return half;
}

static inline void nn_store_word(void *address, uint32_t word) {
    memcpy(address, &word, sizeof word);
}

/* Stops the compiler from seeing that a variable is constant: as an immediate it would need an instruction of its own
 * where a register combines with a shift. */
#define NN_KEEP_IN_REGISTER(variable) __asm__("" : "+r"(variable))

#if NN_HAS_DSP

/* clang-format off */
#define NN_DSP_2(name, mnemonic) \
    static inline uint32_t name(uint32_t a, uint32_t b) \
    { uint32_t r; __asm__(mnemonic " %0, %1, %2" : "=r"(r) : "r"(a), "r"(b)); return r; }
#define NN_DSP_ACC(name, mnemonic) \
    static inline int32_t name(uint32_t a, uint32_t b, int32_t acc) \
    { int32_t r; __asm__(mnemonic " %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc)); return r; }
/* clang-format on */

NN_DSP_2(nn_sadd16, "sadd16")
NN_DSP_2(nn_ssub16, "ssub16")
NN_DSP_2(nn_shadd16, "shadd16")
NN_DSP_2(nn_shsub16, "shsub16")
NN_DSP_2(nn_sxtab16, "sxtab16")
NN_DSP_ACC(nn_smlad, "smlad")
NN_DSP_ACC(nn_smlabb, "smlabb")
NN_DSP_ACC(nn_smlabt, "smlabt")
NN_DSP_ACC(nn_smlatb, "smlatb")
NN_DSP_ACC(nn_smlatt, "smlatt")

#undef NN_DSP_2
#undef NN_DSP_ACC

static inline uint32_t nn_sxtb16(uint32_t word) {
    uint32_t r;
    __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(word));
    return r;
}

static inline uint32_t nn_sxtb16_odd(uint32_t word) {
    uint32_t r;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(word));
    return r;
}

static inline uint32_t nn_sxtab16_odd(uint32_t lanes, uint32_t word) {
    uint32_t r;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(r) : "r"(lanes), "r"(word));
    return r;
}

static inline int32_t nn_smmul(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b) >> 32);
}

static inline uint32_t nn_pkhbt(uint32_t low, uint32_t high) {
    uint32_t r;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(r) : "r"(low), "r"(high));
    return r;
}

static inline uint32_t nn_pkhtb(uint32_t high, uint32_t low) {
    uint32_t r;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(r) : "r"(high), "r"(low));
    return r;
}

static inline int32_t nn_smmlar(int32_t a, int32_t b, int32_t acc) {
    int32_t r;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
    return r;
}

static inline int64_t nn_smlald(uint32_t a, uint32_t b, int64_t acc) {
    __asm__("smlald %Q0, %R0, %1, %2" : "+r"(acc) : "r"(a), "r"(b));
    return acc;
}

static inline int32_t nn_ssat8(int32_t x) {
    int32_t r;
    __asm__("ssat %0, #8, %1" : "=r"(r) : "r"(x));
    return r;
}

static inline int32_t nn_ssat16(int32_t x) {
    int32_t r;
    __asm__("ssat %0, #16, %1" : "=r"(r) : "r"(x));
    return r;
}

static inline int32_t nn_qadd(int32_t a, int32_t b) {
    int32_t r;
    __asm__("qadd %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
    return r;
}

static inline int32_t nn_usat15(int32_t x) {
    int32_t r;
    __asm__("usat %0, #15, %1" : "=r"(r) : "r"(x));
    return r;
}

static inline int32_t nn_mla(int32_t a, int32_t b, int32_t acc) {
    int32_t r;
    __asm__("mla %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
    return r;
}

/* SSUB8 leaves the signs of its four differences in the GE flags, where SEL reads them: one block keeps them together.
 */
#define NN_DSP_SELECT(name, first, second)                                                                             \
    static inline uint32_t name(uint32_t a, uint32_t b) {                                                              \
        uint32_t r;                                                                                                    \
        __asm__("ssub8 %0, %1, %2\n\tsel %0, " first ", " second : "=&r"(r) : "r"(a), "r"(b) : "cc");                  \
        return r;                                                                                                      \
    }

NN_DSP_SELECT(nn_smax8, "%1", "%2")
NN_DSP_SELECT(nn_smin8, "%2", "%1")

#undef NN_DSP_SELECT

#else

static inline int32_t nn_low(uint32_t word) {
    return (int16_t)(uint16_t)word;
}

static inline int32_t nn_high(uint32_t word) {
    return (int16_t)(uint16_t)(word >> 16);
}

static inline uint32_t nn_lanes(int32_t low, int32_t high) {
    return ((uint32_t)low & 0xFFFFU) | ((uint32_t)high << 16);
}

static inline int32_t nn_byte(uint32_t word, int index) {
    return (int8_t)(uint8_t)(word >> (8 * index));
}

/* a + b modulo 2^32, as the multiply-accumulate instructions add. */
static inline int32_t nn_wrapping_add(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* Lane by lane, modulo 2^16. */
static inline uint32_t nn_sadd16(uint32_t a, uint32_t b) {
    return nn_lanes(nn_low(a) + nn_low(b), nn_high(a) + nn_high(b));
}

static inline uint32_t nn_ssub16(uint32_t a, uint32_t b) {
    return nn_lanes(nn_low(a) - nn_low(b), nn_high(a) - nn_high(b));
}

/* Half the sum, and half the difference, rounded down, lane by lane. */
static inline uint32_t nn_shadd16(uint32_t a, uint32_t b) {
    return nn_lanes((nn_low(a) + nn_low(b)) >> 1, (nn_high(a) + nn_high(b)) >> 1);
}

static inline uint32_t nn_shsub16(uint32_t a, uint32_t b) {
    return nn_lanes((nn_low(a) - nn_low(b)) >> 1, (nn_high(a) - nn_high(b)) >> 1);
}

/* acc + a.low * b.low + a.high * b.high */
static inline int32_t nn_smlad(uint32_t a, uint32_t b, int32_t acc) {
    return nn_wrapping_add(nn_wrapping_add(acc, nn_low(a) * nn_low(b)), nn_high(a) * nn_high(b));
}

/* The same in 64 bits. */
static inline int64_t nn_smlald(uint32_t a, uint32_t b, int64_t acc) {
    return acc + (int64_t)nn_low(a) * nn_low(b) + (int64_t)nn_high(a) * nn_high(b);
}

/* acc + one lane of a * one lane of b; B is the low lane ("bottom"), T the high one ("top"). */
static inline int32_t nn_smlabb(uint32_t a, uint32_t b, int32_t acc) {
    return nn_wrapping_add(acc, nn_low(a) * nn_low(b));
}

static inline int32_t nn_smlabt(uint32_t a, uint32_t b, int32_t acc) {
    return nn_wrapping_add(acc, nn_low(a) * nn_high(b));
}

static inline int32_t nn_smlatb(uint32_t a, uint32_t b, int32_t acc) {
    return nn_wrapping_add(acc, nn_high(a) * nn_low(b));
}

static inline int32_t nn_smlatt(uint32_t a, uint32_t b, int32_t acc) {
    return nn_wrapping_add(acc, nn_high(a) * nn_high(b));
}

/* Bytes 0 and 2, sign-extended to lanes; the _odd one: bytes 1 and 3; the a ones add them to the lanes of a word. */
static inline uint32_t nn_sxtb16(uint32_t word) {
    return nn_lanes(nn_byte(word, 0), nn_byte(word, 2));
}

static inline uint32_t nn_sxtb16_odd(uint32_t word) {
    return nn_lanes(nn_byte(word, 1), nn_byte(word, 3));
}

static inline uint32_t nn_sxtab16(uint32_t lanes, uint32_t word) {
    return nn_sadd16(lanes, nn_sxtb16(word));
}

static inline uint32_t nn_sxtab16_odd(uint32_t lanes, uint32_t word) {
    return nn_sadd16(lanes, nn_sxtb16_odd(word));
}

/* The low lanes of both, and the high lanes of both; `low` ends up in the low lane. */
static inline uint32_t nn_pkhbt(uint32_t low, uint32_t high) {
    return nn_lanes(nn_low(low), nn_low(high));
}

static inline uint32_t nn_pkhtb(uint32_t high, uint32_t low) {
    return nn_lanes(nn_high(low), nn_high(high));
}

/* floor(a * b / 2^32); acc + a * b / 2^32 rounded to nearest, ties up. */
static inline int32_t nn_smmul(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b) >> 32);
}

static inline int32_t nn_smmlar(int32_t a, int32_t b, int32_t acc) {
    return nn_wrapping_add(acc, (int32_t)(((int64_t)a * b + (INT64_C(1) << 31)) >> 32));
}

/* a * b + acc, kept in this order: the compiler would rather add constants last, with an instruction of their own. */
static inline int32_t nn_mla(int32_t a, int32_t b, int32_t acc) {
    return a * b + acc;
}

/* a + b clamped to int32. */
static inline int32_t nn_qadd(int32_t a, int32_t b) {
    const int64_t sum = (int64_t)a + b;
    return sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : (int32_t)sum;
}

/* x clamped to int8. */
static inline int32_t nn_ssat8(int32_t x) {
    return x < -128 ? -128 : x > 127 ? 127 : x;
}

/* x clamped to int16, and to what of it is not negative. */
static inline int32_t nn_ssat16(int32_t x) {
    return x < -32768 ? -32768 : x > 32767 ? 32767 : x;
}

static inline int32_t nn_usat15(int32_t x) {
    return x < 0 ? 0 : x > 32767 ? 32767 : x;
}

/* The larger, and the smaller, of each pair of signed bytes. */
static inline uint32_t nn_select8(uint32_t a, uint32_t b, int larger) {
    uint32_t r = 0;
    for (int i = 0; i < 4; ++i) {
        const uint32_t mask = UINT32_C(0xFF) << (8 * i);
        r |= mask & ((nn_byte(a, i) >= nn_byte(b, i)) == larger ? a : b);
    }
    return r;
}

static inline uint32_t nn_smax8(uint32_t a, uint32_t b) {
    return nn_select8(a, b, 1);
}

static inline uint32_t nn_smin8(uint32_t a, uint32_t b) {
    return nn_select8(a, b, 0);
}

#endif

#endif
