#include "mlperf_model.h"

#include <math.h>
#include <string.h>

#include "model.h"

static void complain(struct mlperf *m, const char *text, int error) {
    mlperf_put_text(&m->line, "e-[");
    mlperf_put_text(&m->line, text);
    mlperf_put_text(&m->line, ": error -");
    mlperf_put_u32(&m->line, (uint32_t)-error);
    mlperf_put_text(&m->line, " ");
    mlperf_put_text(&m->line, model_error_message());
    mlperf_say(&m->line, "]");
}

static bool has_whole_sample(struct mlperf *m) {
    const size_t wanted = m->config->dataset_bytes;

    if (m->loaded_bytes == m->load_bytes && m->load_bytes == wanted) {
        return true;
    }
    mlperf_put_text(&m->line, "e-[Input db has ");
    mlperf_put_u32(&m->line, (uint32_t)m->loaded_bytes);
    mlperf_put_text(&m->line, " bytes, expected ");
    mlperf_put_u32(&m->line, (uint32_t)wanted);
    mlperf_say(&m->line, "]");
    return false;
}

static float loaded_float(const struct mlperf *m, size_t index) {
    float value;

    memcpy(&value, m->config->dataset + index * sizeof value, sizeof value);
    return value;
}

/* round(real / scale) + zero_point, within int8. A value that is no number becomes the zero point. */
static int8_t quantized(float real, const struct model_tensor *tensor) {
    const float steps = roundf(real / tensor->scale) + (float)tensor->zero_point;

    if (isnan(steps)) {
        return (int8_t)tensor->zero_point;
    }
    return (int8_t)fminf(fmaxf(steps, INT8_MIN), INT8_MAX);
}

bool mlperf_stage(struct mlperf *m) {
    const struct mlperf_config *config = m->config;
    struct model_tensor input;
    const int error = model_init();

    if (error != 0 || model_input(0, &input) != 0) {
        complain(m, "The model cannot be prepared", error);
        return false;
    }
    if (!has_whole_sample(m)) {
        return false;
    }
    for (size_t i = 0; config->input == MLPERF_INPUT_UINT8 && i < config->staged_bytes; i++) {
        config->staged[i] = config->dataset[i] ^ 0x80; /* less 128, modulo 256 */
    }
    for (size_t i = 0; config->input == MLPERF_INPUT_FLOAT32 && i < config->staged_bytes; i++) {
        config->staged[i] = (uint8_t)quantized(loaded_float(m, i), &input);
    }
    return true;
}

int mlperf_infer(const struct mlperf *m) {
    const struct mlperf_config *config = m->config;
    const uint8_t *sample = config->input == MLPERF_INPUT_RAW ? config->dataset : config->staged;
    const size_t sample_bytes = config->input == MLPERF_INPUT_RAW ? config->dataset_bytes : config->staged_bytes;
    struct model_tensor input;

    if (model_input(0, &input) != 0 || input.data == NULL || input.bytes != sample_bytes) {
        return MODEL_ERROR_RANGE;
    }
    memcpy(input.data, sample, sample_bytes);
    return model_invoke();
}

/* --- Results -------------------------------------------------------------------------------------------------------
 */

static size_t element_bytes(uint8_t dtype) {
    switch (dtype) {
    case MODEL_INT8:
    case MODEL_UINT8:
        return 1;
    case MODEL_INT16:
        return 2;
    default:
        return 4;
    }
}

/* One element as a real number. */
static float element(const struct model_tensor *tensor, size_t index) {
    int32_t q;
    int16_t wide;
    float real;

    switch (tensor->dtype) {
    case MODEL_INT8:
        q = ((const int8_t *)tensor->data)[index];
        break;
    case MODEL_UINT8:
        q = ((const uint8_t *)tensor->data)[index];
        break;
    case MODEL_INT16:
        memcpy(&wide, (const uint8_t *)tensor->data + index * sizeof wide, sizeof wide);
        q = wide;
        break;
    default:
        memcpy(&real, (const uint8_t *)tensor->data + index * sizeof real, sizeof real);
        return real;
    }
    return (float)(q - tensor->zero_point) * tensor->scale;
}

static float mean_squared_error(const struct mlperf *m, const struct model_tensor *output, size_t count) {
    float sum = 0;

    for (size_t i = 0; i < count; i++) {
        const float difference = element(output, i) - loaded_float(m, i);
        sum += difference * difference;
    }
    return sum / (float)count;
}

void mlperf_results(struct mlperf *m) {
    struct model_tensor output;

    if (!m->has_result || model_output(0, &output) != 0 || output.data == NULL) {
        mlperf_say(&m->line, "e-[There are no results yet]");
        return;
    }
    const size_t count = output.bytes / element_bytes(output.dtype);
    mlperf_put_text(&m->line, "m-results-[");
    if (m->config->result == MLPERF_RESULT_MSE) {
        mlperf_put_real(&m->line, mean_squared_error(m, &output, count));
    } else {
        for (size_t i = 0; i < count; i++) {
            mlperf_put_text(&m->line, i == 0 ? "" : ",");
            mlperf_put_real(&m->line, element(&output, i));
        }
    }
    mlperf_say(&m->line, "]");
}
