#include "nn_batch_matmul_dsp.h"

#include <string.h>

#include "nn_clamp_dsp.h"
#include "nn_products_dsp.h"
#include "nn_requant.h"

enum { ROWS = NN_PRODUCTS_ROWS, UNIT = NN_PRODUCTS_UNIT, MOST_EXPONENT = 23 };

/* How the elements of a matrix's rows, or of its columns, lie. */
struct source {
    int32_t along, across; /* elements from one to the next, and from one row or column to the next */
    int32_t depth;
    uint32_t offset; /* minus the zero point, in both lanes */
};

/* Where they go: four elements become two words, the second `half` behind the first, those of the next four `step`. Of
 * four rows or columns, the second's places are one behind the first's, the third's `third`, the fourth's one more. */
struct places {
    int32_t half, step, third;
    int32_t doubled;
};

static inline uint32_t lanes_of(uint32_t lanes, int32_t doubled) {
    return doubled ? nn_sadd16(lanes, lanes) : lanes;
}

/* Elements of one row or column from `done` on, any way they lie; what is beyond the depth is nothing. */
static inline void unpack_any(const struct source *s, struct places p, const int8_t *from, int32_t done, uint32_t *to) {
    const int32_t offset = (int16_t)(uint16_t)s->offset;
    for (int32_t k = done; k < s->depth; k += UNIT, to += p.step) {
        int32_t values[UNIT] = {0, 0, 0, 0};
        for (int32_t i = 0; i < UNIT && k + i < s->depth; ++i) {
            values[i] = from[(k + i) * s->along] + offset;
        }
        to[0] = lanes_of(nn_pkhbt((uint32_t)values[0], (uint32_t)values[2]), p.doubled);
        to[p.half] = lanes_of(nn_pkhbt((uint32_t)values[1], (uint32_t)values[3]), p.doubled);
    }
}

static inline void unpack_word(uint32_t offset, struct places p, const int8_t *from, uint32_t *to) {
    const uint32_t word = nn_load_word(from);
    to[0] = lanes_of(nn_sxtab16(offset, word), p.doubled);
    to[p.half] = lanes_of(nn_sxtab16_odd(offset, word), p.doubled);
}

/* Elements of one row or column that are neighbours. */
static inline void unpack_line(const struct source *s, struct places p, const int8_t *from, uint32_t *to) {
    const int32_t whole = s->depth / UNIT * UNIT;
    const uint32_t offset = s->offset;
    int32_t done = 0;
    for (; done + 2 * UNIT <= whole; done += 2 * UNIT, to += 2 * p.step) {
        unpack_word(offset, p, from + done, to);
        unpack_word(offset, p, from + done + UNIT, to + p.step);
    }
    if (done < whole) {
        unpack_word(offset, p, from + done, to);
        to += p.step;
    }
    if (whole < s->depth) {
        unpack_any(s, p, from, whole, to);
    }
}

/* Two elements, two apart, of four rows or columns whose elements of the same depth are neighbours. */
static inline void unpack_two(uint32_t offset, struct places p, const int8_t *first, const int8_t *second,
                              uint32_t *to) {
    const uint32_t low = nn_load_word(first);
    const uint32_t high = nn_load_word(second);
    const uint32_t low_even = lanes_of(nn_sxtab16(offset, low), p.doubled);
    const uint32_t low_odd = lanes_of(nn_sxtab16_odd(offset, low), p.doubled);
    const uint32_t high_even = lanes_of(nn_sxtab16(offset, high), p.doubled);
    const uint32_t high_odd = lanes_of(nn_sxtab16_odd(offset, high), p.doubled);
    to[0] = nn_pkhbt(low_even, high_even);
    to[1] = nn_pkhbt(low_odd, high_odd);
    to[p.third] = nn_pkhtb(high_even, low_even);
    to[p.third + 1] = nn_pkhtb(high_odd, low_odd);
}

/* All elements of them. */
static inline void unpack_across(const struct source *s, struct places p, const int8_t *from, uint32_t *to) {
    const int32_t whole = s->depth / UNIT * UNIT;
    const int32_t along = s->along;
    const uint32_t offset = s->offset;
    const int8_t *place = from;
    for (const uint32_t *end = to + whole / UNIT * p.step; to != end; to += p.step, place += 4 * along) {
        unpack_two(offset, p, place, place + 2 * along, to);
        unpack_two(offset, p, place + along, place + 3 * along, to + p.half);
    }
    for (int32_t i = 0; whole < s->depth && i < 4; ++i) {
        unpack_any(s, p, from + i, whole, to + (i / 2 ? p.third : 0) + i % 2);
    }
}

/* `count` rows or columns, up to four; `places` are constants where this is called. */
static inline __attribute__((always_inline)) void unpack(const struct source *s, struct places p, const int8_t *from,
                                                         int32_t count, uint32_t *to) {
    if (s->along != 1 && s->across == 1 && count == 4) {
        unpack_across(s, p, from, to);
        return;
    }
    for (int32_t i = 0; i < count; ++i, from += s->across) {
        uint32_t *lane = to + (i / 2 ? p.third : 0) + i % 2;
        if (s->along == 1) {
            unpack_line(s, p, from, lane);
        } else {
            unpack_any(s, p, from, 0, lane);
        }
    }
}

NN_APART static void unpack_rows(const struct source *s, const int8_t *from, int32_t count, uint32_t *to) {
    const struct places p = {.half = ROWS, .step = NN_PRODUCTS_ROW_WORDS, .third = 2, .doubled = 1};
    unpack(s, p, from, count, to);
}

/* Columns from `first` as nn_products_dsp.h wants them. */
NN_APART static void unpack_columns(const struct source *s, const int8_t *from, const int32_t *bias, int32_t count,
                                    uint32_t *to) {
    const int32_t units = (s->depth + UNIT - 1) / UNIT;
    const int32_t pair = NN_PRODUCTS_PAIR_HEAD + NN_PRODUCTS_PAIR_WORDS * units;
    const struct places p = {.half = 2, .step = NN_PRODUCTS_PAIR_WORDS, .third = pair};
    for (; count > 0; count -= 4, to += 2 * pair, from += 4 * s->across) {
        const int32_t present = count < 4 ? count : 4;
        for (int32_t i = 0; i < 4; ++i) {
            to[(i / 2 ? pair : 0) + i % 2] = bias != NULL && i < present ? 2U * (uint32_t)*bias++ : 0;
        }
        unpack(s, p, from, present, to + NN_PRODUCTS_PAIR_HEAD);
    }
}

static uint32_t minus(int32_t zero_point) {
    return (uint32_t)(uint16_t)-zero_point * 0x10001U;
}

/* Products that are not stored as they come. */
static void store(const struct nn_batch_matmul_s8_dsp *op, const struct nn_products_dsp *products, const uint32_t *rows,
                  int32_t row_count, int32_t count, int8_t *output, void *tile) {
    const int32_t stride = 2 * products->pairs;
    nn_products4_dsp(products, rows, tile, stride);
    for (int32_t row = 0; row < row_count; ++row, output += op->shape.columns) {
        if (products->multiplier != 0) {
            memcpy(output, (const int8_t *)tile + row * stride, (size_t)count);
            continue;
        }
        for (int32_t c = 0; c < count; ++c) {
            const int32_t sum = ((const int32_t *)tile)[c * ROWS + row];
            const int32_t x = nn_requantize(sum, op->multiplier, op->shift) + op->output_zero_point;
            output[c] = (int8_t)nn_clamp(x, INT8_MIN, INT8_MAX);
        }
    }
}

/* One product of matrices. */
static void multiply(const struct nn_batch_matmul_s8_dsp *op, const int8_t *left, const int8_t *right, int8_t *output,
                     uint32_t *scratch) {
    const struct nn_matmul *shape = &op->shape;
    const int32_t units = (shape->depth + UNIT - 1) / UNIT;
    const int32_t exponent = -op->shift;
    const int32_t is_fast = exponent >= 1 && exponent <= MOST_EXPONENT;
    uint32_t *rows = scratch + op->panel / 2 * (NN_PRODUCTS_PAIR_HEAD + NN_PRODUCTS_PAIR_WORDS * units);
    void *tile = rows + units * NN_PRODUCTS_ROW_WORDS;
    struct nn_products_dsp products = {.columns = scratch,
                                       .units = units,
                                       .multiplier = is_fast ? op->multiplier : 0,
                                       .shift = exponent - 1,
                                       .round =
                                           is_fast ? nn_shift_left(2 * op->output_zero_point + 1, exponent - 1) : 0};
    const struct source of_left = {shape->left_depth, shape->left_row, shape->depth, minus(op->left_zero_point)};
    const struct source of_right = {shape->right_depth, shape->right_column, shape->depth, minus(op->right_zero_point)};
    for (int32_t first = 0; first < shape->columns; first += op->panel) {
        const int32_t count = shape->columns - first < op->panel ? shape->columns - first : op->panel;
        products.pairs = (count + 1) / 2;
        unpack_columns(&of_right, right + first * shape->right_column, op->bias != NULL ? op->bias + first : NULL,
                       count, scratch);
        for (int32_t row = 0; row < shape->rows; row += ROWS) {
            const int32_t present = shape->rows - row < ROWS ? shape->rows - row : ROWS;
            int8_t *to = output + row * shape->columns + first;
            unpack_rows(&of_left, left + row * shape->left_row, present, rows);
            if (present == ROWS && count % 2 == 0 && products.multiplier != 0) {
                nn_products4_dsp(&products, rows, to, shape->columns);
            } else {
                store(op, &products, rows, present, count, to, tile);
            }
        }
    }
}

void nn_batch_matmul_s8_dsp(const struct nn_batch_matmul_s8_dsp *op, const int8_t *left, const int8_t *right,
                            int8_t *output, void *scratch) {
    const struct nn_matmul *shape = &op->shape;
    const int32_t size = shape->rows * shape->columns;
    int8_t *begin = output;
    for (int32_t i = 0; i < shape->batches[0]; ++i) {
        for (int32_t j = 0; j < shape->batches[1]; ++j) {
            for (int32_t k = 0; k < shape->batches[2]; ++k, output += size) {
                multiply(op, left + i * shape->left_batch[0] + j * shape->left_batch[1] + k * shape->left_batch[2],
                         right + i * shape->right_batch[0] + j * shape->right_batch[1] + k * shape->right_batch[2],
                         output, scratch);
            }
        }
    }
    nn_clamp_s8_dsp(begin, (int32_t)(output - begin), op->activation_min, op->activation_max);
}
