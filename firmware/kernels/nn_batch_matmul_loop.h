/* The loops of products of matrices, for any type. */
#ifndef NN_BATCH_MATMUL_LOOP_H
#define NN_BATCH_MATMUL_LOOP_H

#include "nn_batch_matmul.h"

/* Defines the kernel `name`: product_of(op, row, column) for each row of the left and column of the right matrices. Its
 * parameters are a struct of the same name, with a struct nn_matmul `shape`. */
#define NN_BATCH_MATMUL_KERNEL(name, element, product_of)                                                              \
    static element *name##_one(const struct name *op, const element *left, const element *right, element *output) {    \
        for (int32_t i = 0; i < op->shape.rows; ++i) {                                                                 \
            for (int32_t j = 0; j < op->shape.columns; ++j) {                                                          \
                *output++ = product_of(op, left, right + (ptrdiff_t)j * op->shape.right_column);                       \
            }                                                                                                          \
            left += op->shape.left_row;                                                                                \
        }                                                                                                              \
        return output;                                                                                                 \
    }                                                                                                                  \
                                                                                                                       \
    void name(const struct name *op, const element *left, const element *right, element *output) {                     \
        const struct nn_matmul *shape = &op->shape;                                                                    \
        for (int32_t i = 0; i < shape->batches[0]; ++i) {                                                              \
            for (int32_t j = 0; j < shape->batches[1]; ++j) {                                                          \
                const element *l = left + (ptrdiff_t)i * shape->left_batch[0] + (ptrdiff_t)j * shape->left_batch[1];   \
                const element *r =                                                                                     \
                    right + (ptrdiff_t)i * shape->right_batch[0] + (ptrdiff_t)j * shape->right_batch[1];               \
                for (int32_t k = 0; k < shape->batches[2]; ++k) {                                                      \
                    output = name##_one(op, l, r, output);                                                             \
                    l += shape->left_batch[2];                                                                         \
                    r += shape->right_batch[2];                                                                        \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }

#endif
