/* MLPerf Tiny's device-under-test protocol: text commands that end with '%', answered by lines that end with "m-ready".
 *
 * It replaces the framed protocol of firmware/link in a sketch built for MLPerf Tiny's runners. The network is reached
 * through model.h alone. No heap; every buffer is the caller's.
 */
#ifndef BOARDPROOF_MLPERF_H
#define BOARDPROOF_MLPERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mlperf_line.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { MLPERF_COMMAND_MAX = 80 };

/* What the bytes of the benchmark's dataset are, seen from the model's input tensor. */
enum mlperf_input {
    MLPERF_INPUT_RAW,    /* the tensor's own bytes */
    MLPERF_INPUT_UINT8,  /* 0 to 255 for an int8 tensor of zero point -128: pixels */
    MLPERF_INPUT_FLOAT32 /* little-endian floats, to be quantized with the tensor's scale and zero point */
};

/* What "results" tells. */
enum mlperf_result {
    MLPERF_RESULT_OUTPUTS, /* every element of the first output, as a real number */
    MLPERF_RESULT_MSE      /* the mean squared difference between the output and the float input */
};

struct mlperf_config {
    const char *model_name; /* "kws01" and so on: the runner chooses its test script by it */
    enum mlperf_input input;
    enum mlperf_result result; /* MLPERF_RESULT_MSE needs MLPERF_INPUT_FLOAT32 */
    uint8_t *dataset;          /* one sample as the runner sends it; aligned for float */
    size_t dataset_bytes;
    uint8_t *staged; /* the same sample as the input tensor wants it; unused for MLPERF_INPUT_RAW */
    size_t staged_bytes;
    uint32_t (*micros)(void *context);
    mlperf_write write;
    void *context; /* for micros and write */
};

struct mlperf {
    const struct mlperf_config *config;
    struct mlperf_line line;
    char command[MLPERF_COMMAND_MAX + 1];
    size_t command_bytes;
    bool command_is_too_long;
    size_t load_bytes;   /* of the sample being loaded, or that was loaded last */
    size_t loaded_bytes; /* of these, how many are there */
    bool has_result;
};

/* Says that the device is ready. `config` must stay where it is. */
void mlperf_start(struct mlperf *m, const struct mlperf_config *config);

/* Takes bytes from the host; runs each command as its '%' comes. */
void mlperf_take(struct mlperf *m, const uint8_t *data, size_t bytes);

#ifdef __cplusplus
}
#endif

#endif
