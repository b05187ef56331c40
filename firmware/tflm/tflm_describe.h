/* A tensor as model.h describes it, from the flatbuffer, which knows more than the interpreter keeps. */
#ifndef BOARDPROOF_TFLM_DESCRIBE_H
#define BOARDPROOF_TFLM_DESCRIBE_H

#include "model.h"
#include "tflm_library.h"

/* Fills *tensor with the main graph's tensor `index`, whose bytes are at `data`. 0, or MODEL_ERROR_RANGE when it has
 * more dimensions than MODEL_MAX_RANK or an element type without a fixed size. */
int tflm_describe(const tflite::Model *model, int index, void *data, struct model_tensor *tensor);

#endif
