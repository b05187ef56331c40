/* The model: a .tflite file as a C byte array. Generated; do not edit. */
#ifndef BOARDPROOF_MODEL_DATA_H
#define BOARDPROOF_MODEL_DATA_H

#include <stdint.h>

enum { MODEL_DATA_BYTES = 1296 };

/* Aligned for the FlatBuffers reader; const, so that it stays in flash. */
extern const uint8_t model_data[MODEL_DATA_BYTES];

#endif
