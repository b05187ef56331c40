#include "requests.h"

#include "board.h"
#include "model.h"
#include "tensor_requests.h"

/* model_init is called by PREPARE, not from setup(): a model that crashes there must not keep a board from saying hello
 * after the reset. */
static bool prepared;

static int hello(struct link_writer *reply) {
    link_put_u8(reply, board_tick_unit);
    link_put_u32(reply, board_tick_rate);
    link_put_u32(reply, model_info.arena_bytes);
    link_put_u32(reply, board_stack_size());
    link_put_u16(reply, model_info.input_count);
    link_put_u16(reply, model_info.output_count);
    link_put_u16(reply, model_info.op_count);
    link_put_bytes(reply, model_info.sha256, sizeof model_info.sha256);
    link_put_text(reply, model_info.runtime);
    link_put_text(reply, model_info.library);
    link_put_text(reply, model_info.kernels);
    link_put_text(reply, board_fault());
    return LINK_OK;
}

static int prepare(struct link_writer *reply) {
    const int error = model_init();

    prepared = error == 0;
    if (!prepared) {
        return app_refuse_model(reply, error);
    }
    link_put_u32(reply, model_arena_used());
    return LINK_OK;
}

/* --- Measurements --------------------------------------------------------------------------------------------------
 */

/* Graph indices (u16) or ticks (u32) of the operators asked for. More than fit is an overflow of the reply. */
static int operators(const uint8_t *payload, bool ticks, struct link_writer *reply) {
    const uint16_t first = link_get_u16(payload);
    const uint16_t count = link_get_u16(payload + 2);

    if (first > model_info.op_count || count > model_info.op_count - first) {
        return LINK_STATUS_RANGE;
    }
    if (ticks) {
        app_put_op_ticks(reply, first, count);
        return LINK_OK;
    }
    for (uint16_t i = 0; i < count; i++) {
        link_put_u16(reply, model_op_index((uint16_t)(first + i)));
    }
    return LINK_OK;
}

static int marks(const uint8_t *payload, struct link_writer *reply) {
    link_put_u32(reply, prepared ? model_arena_used() : 0);
    link_put_u32(reply, board_stack_peak());
    link_put_u32(reply, board_stack_size());
    if ((payload[0] & LINK_REPAINT) != 0) {
        board_stack_repaint();
    }
    return LINK_OK;
}

static int last_error(struct link_writer *reply) {
    link_put_text(reply, model_error_message());
    link_put_text(reply, board_fault());
    return LINK_OK;
}

/* --- Dispatch ------------------------------------------------------------------------------------------------------
 */

/* What every request is checked for before it is looked at: 0, or a negative link_status. */
static int check_request(uint8_t type, size_t payload_bytes) {
    enum { SIZE = 63, MORE = 64, NEEDS_INIT = 128 }; /* fixed fields' bytes; data may follow; uses the model's memory */
    static const uint8_t requests[] = {
        [LINK_HELLO] = 0,
        [LINK_PREPARE] = 0,
        [LINK_TENSOR] = NEEDS_INIT | APP_TENSOR_ID_BYTES,
        [LINK_OPERATORS] = NEEDS_INIT | APP_OPERATORS_BYTES,
        [LINK_INPUT] = NEEDS_INIT | MORE | APP_INPUT_HEADER_BYTES,
        [LINK_CHECKSUM] = NEEDS_INIT | APP_TENSOR_ID_BYTES,
        [LINK_INVOKE] = NEEDS_INIT | APP_INVOKE_BYTES,
        [LINK_READ] = NEEDS_INIT | APP_READ_BYTES,
        [LINK_OP_TICKS] = NEEDS_INIT | APP_OPERATORS_BYTES,
        [LINK_MARKS] = 1,
        [LINK_LAST_ERROR] = 0,
    };

    if (type == 0 || type >= sizeof requests) {
        return LINK_STATUS_UNKNOWN;
    }
    const unsigned request = requests[type];
    const size_t bytes = request & SIZE;
    if (payload_bytes < bytes || (payload_bytes > bytes && (request & MORE) == 0)) {
        return LINK_STATUS_LENGTH;
    }
    return (request & NEEDS_INIT) != 0 && !prepared ? LINK_STATUS_STATE : LINK_OK;
}

int app_handle(void *context, uint8_t type, const uint8_t *payload, size_t payload_bytes, struct link_writer *reply) {
    const int status = check_request(type, payload_bytes);

    (void)context;
    if (status != LINK_OK) {
        return status;
    }
    switch (type) {
    case LINK_HELLO:
        return hello(reply);
    case LINK_PREPARE:
        return prepare(reply);
    case LINK_TENSOR:
        return app_describe(payload, reply);
    case LINK_OPERATORS:
        return operators(payload, false, reply);
    case LINK_INPUT:
        return app_write_input(payload, payload_bytes);
    case LINK_CHECKSUM:
        return app_checksum(payload, reply);
    case LINK_INVOKE:
        return app_invoke(payload, reply);
    case LINK_READ:
        return app_read(payload, reply);
    case LINK_OP_TICKS:
        return operators(payload, true, reply);
    case LINK_MARKS:
        return marks(payload, reply);
    case LINK_LAST_ERROR:
        return last_error(reply);
    default:
        return LINK_STATUS_UNKNOWN;
    }
}
