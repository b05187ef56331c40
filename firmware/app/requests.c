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

/* Whether [first, first + count) are operators, and a reply has room for so many entries of entry_bytes. */
static int check_ops(uint16_t first, uint16_t count, size_t entry_bytes, const struct link_writer *reply) {
    if (first > model_info.op_count || count > model_info.op_count - first) {
        return LINK_STATUS_RANGE;
    }
    return count > link_room(reply) / entry_bytes ? LINK_STATUS_LENGTH : LINK_OK;
}

static int operators(const uint8_t *payload, struct link_writer *reply) {
    const uint16_t first = link_get_u16(payload);
    const uint16_t count = link_get_u16(payload + 2);
    const int status = check_ops(first, count, sizeof(uint16_t), reply);

    if (status != LINK_OK) {
        return app_refuse(reply, status);
    }
    for (uint16_t i = 0; i < count; i++) {
        link_put_u16(reply, model_op_index((uint16_t)(first + i)));
    }
    return LINK_OK;
}

static int op_ticks(const uint8_t *payload, struct link_writer *reply) {
    const uint16_t first = link_get_u16(payload);
    const uint16_t count = link_get_u16(payload + 2);
    const int status = check_ops(first, count, sizeof(uint32_t), reply);

    if (status != LINK_OK) {
        return app_refuse(reply, status);
    }
    app_put_op_ticks(reply, first, count);
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

struct request_size {
    uint8_t type;
    uint8_t bytes;   /* of the payload's fixed fields */
    bool more;       /* variable data may follow */
    bool needs_init; /* touches the model's memory */
};

static const struct request_size *find_size(uint8_t type) {
    static const struct request_size sizes[] = {
        {LINK_HELLO, 0, false, false},
        {LINK_PREPARE, 0, false, false},
        {LINK_TENSOR, APP_TENSOR_ID_BYTES, false, true},
        {LINK_OPERATORS, 4, false, true},
        {LINK_INPUT, APP_INPUT_HEADER_BYTES, true, true},
        {LINK_CHECKSUM, APP_TENSOR_ID_BYTES, false, true},
        {LINK_INVOKE, APP_INVOKE_BYTES, false, true},
        {LINK_READ, APP_READ_BYTES, false, true},
        {LINK_OP_TICKS, 4, false, true},
        {LINK_MARKS, 1, false, false},
        {LINK_LAST_ERROR, 0, false, false},
    };

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (sizes[i].type == type) {
            return &sizes[i];
        }
    }
    return NULL;
}

/* What every request is checked for before it is looked at: 0, or a negative link_status. */
static int check_request(uint8_t type, size_t payload_bytes) {
    const struct request_size *size = find_size(type);

    if (size == NULL) {
        return LINK_STATUS_UNKNOWN;
    }
    if (payload_bytes < size->bytes || (payload_bytes > size->bytes && !size->more)) {
        return LINK_STATUS_LENGTH;
    }
    return size->needs_init && !prepared ? LINK_STATUS_STATE : LINK_OK;
}

int app_handle(void *context, uint8_t type, const uint8_t *payload, size_t payload_bytes, struct link_writer *reply) {
    const int status = check_request(type, payload_bytes);

    (void)context;
    if (status != LINK_OK) {
        return app_refuse(reply, status);
    }
    switch (type) {
    case LINK_HELLO:
        return hello(reply);
    case LINK_PREPARE:
        return prepare(reply);
    case LINK_TENSOR:
        return app_describe(payload, reply);
    case LINK_OPERATORS:
        return operators(payload, reply);
    case LINK_INPUT:
        return app_write_input(payload, payload_bytes, reply);
    case LINK_CHECKSUM:
        return app_checksum(payload, reply);
    case LINK_INVOKE:
        return app_invoke(payload, reply);
    case LINK_READ:
        return app_read(payload, reply);
    case LINK_OP_TICKS:
        return op_ticks(payload, reply);
    case LINK_MARKS:
        return marks(payload, reply);
    case LINK_LAST_ERROR:
        return last_error(reply);
    default:
        return app_refuse(reply, LINK_STATUS_UNKNOWN);
    }
}
