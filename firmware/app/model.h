/* The network as an application sees it. Generated code implements this interface: model.c (runtime `aot`, C11) or
 * model.cpp (`tflm`). Nothing here allocates memory.
 */
#ifndef BOARDPROOF_MODEL_H
#define BOARDPROOF_MODEL_H

#include "model_types.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const struct model_info model_info;

/* Prepares the model, and sets what it keeps from one inference to the next, if anything, to its first value. May be
 * called again at any time. 0, or a negative model_error. */
int model_init(void);

/* Runs operators [0, op_count). 0, or a negative model_error. Per-operator ticks are recorded: see model_op_ticks. */
int model_invoke(void);

/* Runs the operators with execution position [0, count) and stops, so that the last one's output can be read before a
 * later operator reuses its memory. The inputs must have been written anew; what the model keeps between inferences
 * changes as it does in any. 0, or a negative model_error. */
int model_invoke_until(uint16_t count);

/* Fill *tensor. 0, or MODEL_ERROR_RANGE. */
int model_input(uint16_t position, struct model_tensor *tensor);
int model_output(uint16_t position, struct model_tensor *tensor);

/* The output `output` of the operator at execution position `op`: valid right after model_invoke_until(op + 1). */
int model_op_output(uint16_t op, uint16_t output, struct model_tensor *tensor);

/* The index in the .tflite graph of the operator at execution position `op` (they differ when operators were fused or
 * cost nothing), and the ticks it took in the last model_invoke. */
uint16_t model_op_index(uint16_t op);
uint32_t model_op_ticks(uint16_t op);

/* High-water mark of the arena in bytes (aot: its size; tflm: measured, temporaries included). */
uint32_t model_arena_used(void);

/* After MODEL_ERROR_ARENA: the bytes that were asked for, if known, else 0. */
uint32_t model_arena_needed(void);

/* A message for the last error, or "". */
const char *model_error_message(void);

#ifdef __cplusplus
}
#endif

#endif
