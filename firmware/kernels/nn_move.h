/* Operators that move elements without changing them, whatever their type: all sizes and distances are in bytes.
 *
 * Sizes are at least 1, and every place that a structure describes lies inside its tensor (checked at generation time).
 * Where an output may overlap an input it is said so. */
#ifndef NN_MOVE_H
#define NN_MOVE_H

#include "nn_types.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { NN_MOVE_AXES = 6 };

/* Blocks of `block` bytes, the last axis fastest, are read from offset + sum of index * stride and written one after
 * another. Unused axes come first and have size 1; strides may be 0 or negative. */
struct nn_copy {
    int32_t dims[NN_MOVE_AXES];
    int32_t stride[NN_MOVE_AXES];
    int32_t offset;
    int32_t block;
};

/* The output may overlap the input if it starts so far before it that no byte is overwritten before it was moved. */
void nn_copy(const struct nn_copy *op, const void *input, void *output);

/* As nn_copy, but index i of an axis stands for places[i] bytes instead of i * stride: `places` has the entries of all
 * axes one after another, the first axis first. */
struct nn_pick {
    int32_t dims[NN_MOVE_AXES];
    int32_t block;
    const int32_t *places;
};

/* The output may overlap the input as with nn_copy. */
void nn_pick(const struct nn_pick *op, const void *input, void *output);

/* The other way round: blocks are read one after another and written at the sum of their indices' places. The rest of
 * the output's `bytes` bytes is filled with the first `fill_bytes` (1, 2, 4 or 8) bytes of `fill`, again and again. */
struct nn_place {
    int32_t dims[NN_MOVE_AXES];
    int32_t block;
    int32_t bytes;
    int32_t fill_bytes;
    uint8_t fill[8];
    const int32_t *places;
};

void nn_place(const struct nn_place *op, const void *input, void *output);

/* Every byte of the output becomes `value`, 0 to 255. */
struct nn_fill {
    int32_t bytes;
    int32_t value;
};

void nn_fill(const struct nn_fill *op, void *output);

/* `outer` times, part_bytes[i] bytes of each of the `count` inputs, one input after another. */
struct nn_concat {
    int32_t outer;
    int32_t count;
    const int32_t *part_bytes;
};

void nn_concat(const struct nn_concat *op, const void *const *inputs, void *output);

/* The reverse: `outer` times, part_bytes[i] bytes to each of the `count` outputs. */
struct nn_split {
    int32_t outer;
    int32_t count;
    const int32_t *part_bytes;
};

void nn_split(const struct nn_split *op, const void *input, void *const *outputs);

/* input [batches, outer, size, block bytes], indices [batches, count], output [batches, outer, count, block bytes].
 * Indices beyond the axis are taken for its first or last element. */
struct nn_gather {
    int32_t batches, outer;
    int32_t size, count;
    int32_t block;
};

void nn_gather(const struct nn_gather *op, const void *input, const int32_t *indices, void *output);

/* indices [count, depth], depth at most NN_MOVE_AXES: a block is read from the sum of index * stride of the `depth`
 * axes. Indices beyond an axis are taken for its first or last element. */
struct nn_gather_nd {
    int32_t count, depth;
    int32_t size[NN_MOVE_AXES];
    int32_t stride[NN_MOVE_AXES];
    int32_t block;
};

void nn_gather_nd(const struct nn_gather_nd *op, const void *input, const int32_t *indices, void *output);

/* The operand's `bytes` bytes with an update in them: `count` runs of `run` bytes, the update's last axis each, of
 * which there are size[i] along each axis i before it; size of the last one is 1. start [rank] is clamped to [0,
 * last[i]], axis by axis; strides are the output's. Unused axes come first and have size 1. */
struct nn_update_slice {
    int32_t bytes;
    int32_t count, run;
    int32_t rank;
    int32_t size[NN_MOVE_AXES];
    int32_t stride[NN_MOVE_AXES];
    int32_t last[NN_MOVE_AXES];
};

void nn_update_slice(const struct nn_update_slice *op, const void *operand, const void *update, const int32_t *start,
                     void *output);

#ifdef __cplusplus
}
#endif

#endif
