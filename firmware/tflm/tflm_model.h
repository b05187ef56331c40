/* What the generated model.cpp gives the interpreter: the parts that depend on the model. */
#ifndef BOARDPROOF_TFLM_MODEL_H
#define BOARDPROOF_TFLM_MODEL_H

#include <cstdint>

#include "tflm_library.h"

struct TflmModel {
    const uint8_t *data;  /* the .tflite, aligned to 16 bytes */
    uint8_t *arena;       /* aligned to 16 bytes */
    uint32_t arena_bytes; /* a multiple of 16 */
    uint32_t *op_ticks;   /* one entry per operator of the main graph */
    uint16_t op_count;
    const char *const *names;    /* of inputs, then outputs */
    uint16_t resource_variables; /* VAR_HANDLE operators */
    bool measure;                /* find the smallest arena that works, and leave the interpreter in it */
    tflite::MicroOpResolver *(*make_resolver)(); /* nullptr when an operator cannot be added; called once */
};

extern const TflmModel tflm_model;

/* A fault's description, after "in operator 3: " if that one was running or being prepared. Valid until the next call.
 * The sketch looks whether there is such a function: the other runtime has none. */
extern "C" const char *model_locate_fault(const char *fault);

#endif
