#include <string.h>

#include "nn_batch_matmul_dsp.h"
#include "nn_dsp.h"
#include "nn_requant.h"

enum { ROWS = 2, COLUMNS = 2 };

/* How the elements of a matrix's rows, or of its columns, lie. */
struct source {
    int32_t along, across; /* elements from one to the next, and from one row or column to the next */
    int32_t depth, size;   /* size: depth, rounded up to an even number */
};

/* `count` rows or columns one after another, each filled up with a zero. */
static void gather(const struct source *s, const int16_t *from, int32_t count, int16_t *to) {
    for (; count > 0; --count, from += s->across, to += s->size) {
        to[s->size - 1] = 0;
        if (s->along == 1) {
            memcpy(to, from, (size_t)s->depth * sizeof *to);
            continue;
        }
        const int16_t *element = from;
        for (int32_t k = 0; k < s->depth; ++k, element += s->along) {
            to[k] = *element;
        }
    }
}

/* The sums of two rows and two columns, which lie one after the other. */
struct sums {
    int64_t of[ROWS][COLUMNS];
};

static struct sums add_up(const int16_t *rows, const int16_t *columns, int32_t size) {
    const int16_t *next_row = rows + size;
    const int16_t *next_column = columns + size;
    int64_t sum00 = 0, sum01 = 0, sum10 = 0, sum11 = 0;
    for (const int16_t *end = next_row; rows != end; rows += 2, next_row += 2, columns += 2, next_column += 2) {
        const uint32_t row0 = nn_load_word(rows), row1 = nn_load_word(next_row);
        const uint32_t column0 = nn_load_word(columns), column1 = nn_load_word(next_column);
        sum00 = nn_smlald(row0, column0, sum00);
        sum01 = nn_smlald(row0, column1, sum01);
        sum10 = nn_smlald(row1, column0, sum10);
        sum11 = nn_smlald(row1, column1, sum11);
    }
    const struct sums sums = {{{sum00, sum01}, {sum10, sum11}}};
    return sums;
}

static int16_t output_of(const struct nn_batch_matmul_s16_dsp *op, int64_t sum) {
    const int64_t scaled = (sum * op->multiplier + (INT64_C(1) << (op->shift - 1))) >> op->shift;
    return (int16_t)nn_clamp((int32_t)scaled, INT16_MIN, INT16_MAX);
}

/* One product of matrices. */
static void multiply(const struct nn_batch_matmul_s16_dsp *op, const int16_t *left, const int16_t *right,
                     int16_t *output, int16_t *scratch) {
    const struct nn_matmul *shape = &op->shape;
    const int32_t size = (shape->depth + 1) / 2 * 2;
    const struct source of_left = {shape->left_depth, shape->left_row, shape->depth, size};
    const struct source of_right = {shape->right_depth, shape->right_column, shape->depth, size};
    int16_t *rows = scratch + op->panel * size;
    for (int32_t first = 0; first < shape->columns; first += op->panel) {
        const int32_t count = shape->columns - first < op->panel ? shape->columns - first : op->panel;
        gather(&of_right, right + first * shape->right_column, count, scratch);
        for (int32_t row = 0; row < shape->rows; row += ROWS) {
            const int32_t present = shape->rows - row < ROWS ? 1 : ROWS;
            gather(&of_left, left + row * shape->left_row, present, rows);
            for (int32_t column = 0; column < count; column += COLUMNS) {
                const struct sums sums = add_up(rows, scratch + column * size, size);
                for (int32_t i = 0; i < present; ++i) {
                    int16_t *to = output + (row + i) * shape->columns + first + column;
                    to[0] = output_of(op, sums.of[i][0]);
                    if (column + 1 < count) {
                        to[1] = output_of(op, sums.of[i][1]);
                    }
                }
            }
        }
    }
}

void nn_batch_matmul_s16_dsp(const struct nn_batch_matmul_s16_dsp *op, const int16_t *left, const int16_t *right,
                             int16_t *output, void *scratch) {
    const struct nn_matmul *shape = &op->shape;
    const int32_t size = shape->rows * shape->columns;
    for (int32_t i = 0; i < shape->batches[0]; ++i) {
        for (int32_t j = 0; j < shape->batches[1]; ++j) {
            for (int32_t k = 0; k < shape->batches[2]; ++k, output += size) {
                multiply(op, left + i * shape->left_batch[0] + j * shape->left_batch[1] + k * shape->left_batch[2],
                         right + i * shape->right_batch[0] + j * shape->right_batch[1] + k * shape->right_batch[2],
                         output, scratch);
            }
        }
    }
}
