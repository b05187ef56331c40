/* What all networks have in common for an application: types of tensors, errors, facts. */
#ifndef BOARDPROOF_MODEL_TYPES_H
#define BOARDPROOF_MODEL_TYPES_H

#include <stddef.h>
#include <stdint.h>

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

/* Negative results of a network's functions. */
enum model_error {
    MODEL_ERROR_ARENA = -1,    /* the arena is too small: see <network>_arena_needed() */
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
    const char *name; /* an input's or output's, as the model has it; NULL for other tensors */
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

#endif
