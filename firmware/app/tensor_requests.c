#include "tensor_requests.h"

#include <string.h>

#include "board.h"
#include "model.h"

int app_refuse_model(struct link_writer *reply, int error) {
    return link_refuse(reply, LINK_STATUS_MODEL, (uint32_t)error, model_arena_needed(), model_error_message());
}

/* --- Tensors -------------------------------------------------------------------------------------------------------
 */

static int find_tensor(const uint8_t *id, struct model_tensor *tensor) {
    const uint16_t index = link_get_u16(id + 1);

    switch (id[0]) {
    case LINK_TENSOR_INPUT:
        return model_input(index, tensor);
    case LINK_TENSOR_OUTPUT:
        return model_output(index, tensor);
    case LINK_TENSOR_OP_OUTPUT:
        return model_op_output(index, link_get_u16(id + 3), tensor);
    default:
        return MODEL_ERROR_RANGE;
    }
}

int app_describe(const uint8_t *payload, struct link_writer *reply) {
    struct model_tensor tensor;

    if (find_tensor(payload, &tensor) != 0) {
        return LINK_STATUS_RANGE;
    }
    link_put_u8(reply, tensor.dtype);
    link_put_u8(reply, tensor.rank);
    link_put_float(reply, tensor.scale);
    link_put_u32(reply, (uint32_t)tensor.zero_point);
    link_put_u32(reply, tensor.bytes);
    for (uint8_t i = 0; i < tensor.rank && i < MODEL_MAX_RANK; i++) {
        link_put_u32(reply, (uint32_t)tensor.dims[i]);
    }
    link_put_text(reply, tensor.name);
    return LINK_OK;
}

/* A tensor that has bytes to read; 0 or a negative link_status. */
static int find_stored(const uint8_t *id, struct model_tensor *tensor) {
    if (find_tensor(id, tensor) != 0) {
        return LINK_STATUS_RANGE;
    }
    return tensor->data == NULL ? LINK_STATUS_NO_MEMORY : LINK_OK;
}

int app_checksum(const uint8_t *payload, struct link_writer *reply) {
    struct model_tensor tensor;
    const int status = find_stored(payload, &tensor);

    if (status != LINK_OK) {
        return status;
    }
    link_put_u32(reply, tensor.bytes);
    link_put_u32(reply, link_crc32(0, tensor.data, tensor.bytes));
    return LINK_OK;
}

int app_read(const uint8_t *payload, struct link_writer *reply) {
    struct model_tensor tensor;
    const uint32_t offset = link_get_u32(payload + APP_TENSOR_ID_BYTES);
    const uint16_t bytes = link_get_u16(payload + APP_TENSOR_ID_BYTES + 4);
    int status = find_stored(payload, &tensor);

    if (status == LINK_OK && (offset > tensor.bytes || bytes > tensor.bytes - offset)) {
        status = LINK_STATUS_RANGE;
    }
    if (status == LINK_OK && bytes > link_room(reply)) {
        status = LINK_STATUS_LENGTH;
    }
    if (status != LINK_OK) {
        return status;
    }
    link_put_bytes(reply, (const uint8_t *)tensor.data + offset, bytes);
    return LINK_OK;
}

int app_write_input(const uint8_t *payload, size_t payload_bytes) {
    struct model_tensor tensor;
    const uint32_t offset = link_get_u32(payload + 2);
    const size_t bytes = payload_bytes - APP_INPUT_HEADER_BYTES;

    if (model_input(link_get_u16(payload), &tensor) != 0 || offset > tensor.bytes || bytes > tensor.bytes - offset) {
        return LINK_STATUS_RANGE;
    }
    if (tensor.data == NULL) {
        return LINK_STATUS_NO_MEMORY;
    }
    memcpy((uint8_t *)tensor.data + offset, payload + APP_INPUT_HEADER_BYTES, bytes);
    return LINK_NO_REPLY;
}

/* --- Inference -----------------------------------------------------------------------------------------------------
 */

/* Chains one more tensor into crc. One without memory of its own has nothing to add. */
static uint32_t chain(uint32_t crc, const struct model_tensor *tensor) {
    return tensor->data == NULL ? crc : link_crc32(crc, tensor->data, tensor->bytes);
}

static uint32_t inputs_crc(void) {
    uint32_t crc = 0;
    struct model_tensor tensor;

    for (uint16_t i = 0; i < model_info.input_count && model_input(i, &tensor) == 0; i++) {
        crc = chain(crc, &tensor);
    }
    return crc;
}

static uint32_t outputs_crc(uint32_t *bytes) {
    uint32_t crc = 0;
    struct model_tensor tensor;

    *bytes = 0;
    for (uint16_t i = 0; i < model_info.output_count && model_output(i, &tensor) == 0; i++) {
        crc = chain(crc, &tensor);
        *bytes += tensor.data == NULL ? 0 : tensor.bytes;
    }
    return crc;
}

static void put_outputs(struct link_writer *reply) {
    struct model_tensor tensor;

    for (uint16_t i = 0; i < model_info.output_count && model_output(i, &tensor) == 0; i++) {
        if (tensor.data != NULL) {
            link_put_bytes(reply, tensor.data, tensor.bytes);
        }
    }
}

void app_put_op_ticks(struct link_writer *reply, uint16_t first, uint16_t count) {
    for (uint16_t i = 0; i < count; i++) {
        link_put_u32(reply, model_op_ticks((uint16_t)(first + i)));
    }
}

enum { INVOKE_FIXED_BYTES = 14 }; /* ticks u32, outputs' CRC u32, outputs' bytes u32, operator ticks u16 */

/* Fixed fields, then what was asked for and fits: the outputs first, for without them the sample costs more requests.
 */
static void put_results(struct link_writer *reply, uint8_t flags, uint32_t ticks) {
    uint32_t output_bytes = 0;
    uint16_t op_ticks = model_info.op_count;
    const uint32_t crc = outputs_crc(&output_bytes);
    size_t room = link_room(reply) - INVOKE_FIXED_BYTES;

    if ((flags & LINK_WITH_OUTPUTS) == 0 || output_bytes > room) {
        output_bytes = 0;
    }
    room -= output_bytes;
    if ((flags & LINK_WITH_OP_TICKS) == 0 || op_ticks > room / 4) {
        op_ticks = 0;
    }
    link_put_u32(reply, ticks);
    link_put_u32(reply, crc);
    link_put_u32(reply, output_bytes);
    link_put_u16(reply, op_ticks);
    if (output_bytes > 0) {
        put_outputs(reply);
    }
    app_put_op_ticks(reply, 0, op_ticks);
}

int app_invoke(const uint8_t *payload, struct link_writer *reply) {
    const uint16_t count = link_get_u16(payload + 1);
    const uint32_t crc = inputs_crc();

    if (crc != link_get_u32(payload + 3)) {
        return link_refuse(reply, LINK_STATUS_INPUT, crc, 0, "");
    }
    if (count != LINK_ALL_OPERATORS && count > model_info.op_count) {
        return LINK_STATUS_RANGE;
    }
    const uint32_t start = board_ticks();
    const int error = count == LINK_ALL_OPERATORS ? model_invoke() : model_invoke_until(count);
    const uint32_t ticks = board_ticks() - start;

    if (error != 0) {
        return app_refuse_model(reply, error);
    }
    if (count == LINK_ALL_OPERATORS) {
        put_results(reply, payload[0], ticks);
    } else {
        link_put_u32(reply, ticks);
    }
    return LINK_OK;
}
