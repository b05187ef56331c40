/* The network as an application sees it. Generated code implements this interface: model.c (runtime `aot`, C11) or
 * model.cpp (`tflm`). Nothing here allocates memory.
 */
#ifndef BOARDPROOF_MODEL_H
#define BOARDPROOF_MODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MODEL_MAX_RANK = 6 };

/* Element types, numbered as in TensorFlow Lite's schema. */
enum model_dtype {
    MODEL_FLOAT32 = 0,
    MODEL_FLOAT16 = 1,
    MODEL_INT32 = 2,
    MODEL_UINT8 = 3,
    MODEL_INT64 = 4,
    MODEL_BOOL = 6,
    MODEL_INT16 = 7,
    MODEL_INT8 = 9,
    MODEL_UINT64 = 12,
    MODEL_UINT32 = 15
};

/* Negative results of the functions below. */
enum model_error {
    MODEL_ERROR_ARENA = -1,    /* the arena is too small: see model_arena_needed() */
    MODEL_ERROR_OPERATOR = -2, /* an operator is missing from the resolver, or refused its tensors */
    MODEL_ERROR_VERSION = -3,  /* the library does not read this model's schema version */
    MODEL_ERROR_INVOKE = -4,   /* an operator failed while running */
    MODEL_ERROR_RANGE = -5     /* no such operator or tensor */
};

struct model_tensor {
    void *data;     /* where its bytes are now; NULL if it has no memory of its own (fused away) */
    uint32_t bytes; /* size of the whole tensor */
    uint8_t dtype;  /* enum model_dtype */
    uint8_t rank;   /* entries of dims in use */
    int32_t dims[MODEL_MAX_RANK];
    float scale; /* real = scale * (q - zero_point); 0 when not quantized per tensor */
    int32_t zero_point;
};

/* Constant facts about the model. */
struct model_info {
    uint8_t sha256[32];   /* of the .tflite this firmware was generated from */
    const char *runtime;  /* "aot" or "tflm" */
    const char *library;  /* name and version of what executes it, such as "boardproof 0.1.0" */
    const char *kernels;  /* which kernels, such as "portable", "dsp", "reference" or "cmsis-nn" */
    uint32_t arena_bytes; /* size of the tensor arena */
    uint16_t input_count;
    uint16_t output_count;
    uint16_t op_count; /* operators that run, in order; their indices are those of the .tflite graph */
};

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
