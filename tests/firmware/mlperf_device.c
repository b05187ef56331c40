/* MLPerf Tiny's protocol on stdin and stdout, before a network that counts: for tests/firmware/test_mlperf.py.
 *
 * Arguments: raw|uint8|float32, outputs|mse, int8|float32 (the output's type), and optionally a word for how it fails.
 * The input has 5 elements and is destroyed by each inference; output i is input i plus the number of inferences, or,
 * as float32, the four bytes of the sample.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mlperf.h"
#include "model.h"

enum { ELEMENTS = 5, FLOATS = 2 };

static int8_t input[ELEMENTS];
static int8_t output[ELEMENTS];
static float reals[FLOATS];
static uint8_t dataset[ELEMENTS * sizeof(float)];
static uint8_t staged[ELEMENTS];
static int8_t inferences;
static uint32_t now_us;
static const char *failure = "";
static const char *output_type = "";

int model_init(void) {
    return strcmp(failure, "init") == 0 ? MODEL_ERROR_ARENA : 0;
}

int model_invoke(void) {
    if (strcmp(failure, "invoke") == 0) {
        return MODEL_ERROR_INVOKE;
    }
    inferences++;
    now_us += 1000;
    for (int i = 0; i < ELEMENTS; i++) {
        output[i] = (int8_t)(input[i] + inferences);
    }
    memcpy(reals, dataset, sizeof reals);
    memset(input, 0x55, sizeof input);
    return 0;
}

const char *model_error_message(void) {
    return "deliberate";
}

static int describe(struct model_tensor *tensor, void *data, uint32_t bytes, uint8_t dtype) {
    memset(tensor, 0, sizeof *tensor);
    tensor->data = data;
    tensor->bytes = bytes;
    tensor->dtype = dtype;
    tensor->scale = 0.25f;
    tensor->zero_point = -3;
    return 0;
}

int model_input(uint16_t position, struct model_tensor *tensor) {
    return position == 0 ? describe(tensor, input, sizeof input, MODEL_INT8) : MODEL_ERROR_RANGE;
}

int model_output(uint16_t position, struct model_tensor *tensor) {
    if (position != 0) {
        return MODEL_ERROR_RANGE;
    }
    if (strcmp(output_type, "float32") == 0) {
        return describe(tensor, reals, sizeof reals, MODEL_FLOAT32);
    }
    return describe(tensor, output, sizeof output, MODEL_INT8);
}

static void write_stdout(void *context, const char *text, size_t bytes) {
    (void)context;
    if (bytes > MLPERF_LINE_BYTES || write(STDOUT_FILENO, text, bytes) != (ssize_t)bytes) {
        _exit(2);
    }
}

static uint32_t micros(void *context) {
    (void)context;
    return now_us += 10;
}

int main(int argc, char **argv) {
    struct mlperf state;
    struct mlperf_config config = {.model_name = "kws01",
                                   .dataset = dataset,
                                   .dataset_bytes = ELEMENTS,
                                   .staged = staged,
                                   .staged_bytes = ELEMENTS,
                                   .micros = micros,
                                   .write = write_stdout};
    uint8_t data[256];
    ssize_t bytes;

    if (argc < 4) {
        return 2;
    }
    if (strcmp(argv[1], "uint8") == 0) {
        config.input = MLPERF_INPUT_UINT8;
    } else if (strcmp(argv[1], "float32") == 0) {
        config.input = MLPERF_INPUT_FLOAT32;
        config.dataset_bytes = sizeof dataset;
    }
    config.result = strcmp(argv[2], "mse") == 0 ? MLPERF_RESULT_MSE : MLPERF_RESULT_OUTPUTS;
    output_type = argv[3];
    failure = argc > 4 ? argv[4] : "";
    mlperf_start(&state, &config);
    while ((bytes = read(STDIN_FILENO, data, sizeof data)) > 0) {
        mlperf_take(&state, data, (size_t)bytes);
    }
    return 0;
}
