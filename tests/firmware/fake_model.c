/* A small deterministic network behind firmware/app/model.h, for the protocol's tests: three operators that run (graph
 * indices 0, 2 and 5), the first in place, so that the inputs are gone after an inference. tests/support/fake_model.py
 * computes the same.
 */
#include "model.h"

#include <string.h>

#ifndef FAKE_INPUT_BYTES
#define FAKE_INPUT_BYTES 490
#endif
#ifndef FAKE_FLOATS
#define FAKE_FLOATS 3
#endif

enum { SHORTS = 5, CLASSES = 12, OPS = 3, ARENA_BYTES = 4096, ARENA_NEEDED = 5000 };

/* What differs between the test device's process and an emulated board. */
const char *fake_mode(void);
void fake_log(const char *text);
void fake_crash(void);
void fake_hang(void);

const struct model_info model_info = {
    .sha256 = {0xfa, 0xce, 1, 2, 3},
    .runtime = "aot",
    .library = "fake 1.0",
    .kernels = "portable",
    .arena_bytes = ARENA_BYTES,
    .input_count = 2,
    .output_count = 2,
    .op_count = OPS,
};

static int8_t image[FAKE_INPUT_BYTES];
static int16_t shorts[SHORTS];
static int8_t classes[CLASSES];
static int8_t scores[CLASSES];
static float floats[FAKE_FLOATS];
static const char *message = "";
static uint32_t needed;

int model_init(void) {
    if (strcmp(fake_mode(), "arena") == 0) {
        needed = ARENA_NEEDED;
        message = "arena too small";
        return MODEL_ERROR_ARENA;
    }
    return 0;
}

static void run_in_place(void) {
    for (int i = 0; i < FAKE_INPUT_BYTES; i++) {
        image[i] = (int8_t)(image[i] * 3 + i);
    }
}

static void run_sum(void) {
    for (int j = 0; j < CLASSES; j++) {
        int sum = shorts[j % SHORTS];
        for (int i = j; i < FAKE_INPUT_BYTES; i += CLASSES) {
            sum += image[i];
        }
        classes[j] = (int8_t)sum;
    }
}

static void run_outputs(void) {
    for (int j = 0; j < CLASSES; j++) {
        scores[j] = (int8_t)(classes[j] ^ 0x5a);
    }
    for (int k = 0; k < FAKE_FLOATS; k++) {
        floats[k] = (float)classes[k % CLASSES] * 0.5f + (float)k;
    }
    memset(shorts, 0x77, sizeof shorts);
}

static int misbehave(void) {
    const char *mode = fake_mode();

    if (strcmp(mode, "invoke") == 0) {
        message = "CONV_2D refused its input";
        return MODEL_ERROR_INVOKE;
    }
    if (strcmp(mode, "crash") == 0) {
        fake_crash();
    }
    if (strcmp(mode, "hang") == 0) {
        fake_hang();
    }
    if (strcmp(mode, "chatty") == 0) {
        fake_log("about to run three operators");
    }
    return 0;
}

int model_invoke(void) {
    const int error = misbehave();

    return error != 0 ? error : model_invoke_until(OPS);
}

int model_invoke_until(uint16_t count) {
    static void (*const ops[OPS])(void) = {run_in_place, run_sum, run_outputs};

    for (uint16_t i = 0; i < count; i++) {
        ops[i]();
    }
    return 0;
}

static void describe(struct model_tensor *tensor, void *data, size_t element_bytes, int32_t elements) {
    memset(tensor, 0, sizeof *tensor);
    tensor->data = data;
    tensor->bytes = (uint32_t)element_bytes * (uint32_t)elements;
    tensor->rank = 2;
    tensor->dims[0] = 1;
    tensor->dims[1] = elements;
}

static int int8_tensor(struct model_tensor *tensor, const char *name, int8_t *data, int32_t elements) {
    describe(tensor, data, 1, elements);
    tensor->name = name;
    tensor->dtype = MODEL_INT8;
    tensor->scale = 0.25f;
    tensor->zero_point = -3;
    return 0;
}

static int float_tensor(struct model_tensor *tensor) {
    describe(tensor, floats, sizeof floats[0], FAKE_FLOATS);
    tensor->dtype = MODEL_FLOAT32;
    return 0;
}

int model_input(uint16_t position, struct model_tensor *tensor) {
    if (position == 0) {
        return int8_tensor(tensor, "image", image, FAKE_INPUT_BYTES);
    }
    if (position == 1) {
        describe(tensor, shorts, sizeof shorts[0], SHORTS);
        tensor->dtype = MODEL_INT16;
        tensor->name = "shorts";
        return 0;
    }
    return MODEL_ERROR_RANGE;
}

int model_output(uint16_t position, struct model_tensor *tensor) {
    if (position == 0) {
        return int8_tensor(tensor, "scores", scores, CLASSES);
    }
    return position == 1 ? float_tensor(tensor) : MODEL_ERROR_RANGE;
}

int model_op_output(uint16_t op, uint16_t output, struct model_tensor *tensor) {
    if (op == 0 && output == 0) {
        return int8_tensor(tensor, NULL, image, FAKE_INPUT_BYTES);
    }
    if (op == 1 && output == 0) {
        return int8_tensor(tensor, NULL, classes, CLASSES);
    }
    return op == 2 ? model_output(output, tensor) : MODEL_ERROR_RANGE;
}

uint16_t model_op_index(uint16_t op) {
    static const uint16_t indices[OPS] = {0, 2, 5};

    return op < OPS ? indices[op] : 0;
}

uint32_t model_op_ticks(uint16_t op) {
    return op < OPS ? (uint32_t)(op + 1) * 100u : 0;
}

uint32_t model_arena_used(void) {
    return ARENA_BYTES - 96;
}

uint32_t model_arena_needed(void) {
    return needed;
}

const char *model_error_message(void) {
    return message;
}
