#include "nn_network.h"

#include "nn_network_ticks.h"

int nn_network_invoke_until(const struct nn_network *network, uint16_t count) {
    if (count > network->info->op_count) {
        return MODEL_ERROR_RANGE;
    }
    for (uint16_t i = 0; i < count; ++i) {
        const uint32_t begin = nn_network_ticks();
        network->calls[i].run();
        network->ticks[i] = nn_network_ticks() - begin;
    }
    return 0;
}

static void describe(const struct nn_network *network, uint16_t row, struct model_tensor *tensor) {
    const struct nn_network_tensor *facts = &network->tensors[row];
    tensor->data = (void *)(uintptr_t)facts->data;
    tensor->bytes = facts->bytes;
    tensor->dtype = facts->dtype;
    tensor->rank = facts->rank;
    for (uint8_t i = 0; i < facts->rank; ++i) {
        tensor->dims[i] = network->dims[facts->dims_at + i];
    }
    tensor->scale = facts->scale;
    tensor->zero_point = facts->zero_point;
    tensor->name = row < network->info->input_count + network->info->output_count ? network->names[row] : NULL;
}

int nn_network_input(const struct nn_network *network, uint16_t position, struct model_tensor *tensor) {
    if (position >= network->info->input_count) {
        return MODEL_ERROR_RANGE;
    }
    describe(network, position, tensor);
    return 0;
}

int nn_network_output(const struct nn_network *network, uint16_t position, struct model_tensor *tensor) {
    if (position >= network->info->output_count) {
        return MODEL_ERROR_RANGE;
    }
    describe(network, (uint16_t)(network->info->input_count + position), tensor);
    return 0;
}

int nn_network_op_output(const struct nn_network *network, uint16_t op, uint16_t output, struct model_tensor *tensor) {
    const struct nn_network_call *calls = network->calls;
    if (op >= network->info->op_count || output >= calls[op + 1].first_output - calls[op].first_output) {
        return MODEL_ERROR_RANGE;
    }
    describe(network, (uint16_t)(calls[op].first_output + output), tensor);
    return 0;
}

uint16_t nn_network_op_index(const struct nn_network *network, uint16_t op) {
    return op < network->info->op_count ? network->calls[op].index : UINT16_MAX;
}

uint32_t nn_network_op_ticks(const struct nn_network *network, uint16_t op) {
    return op < network->info->op_count ? network->ticks[op] : 0;
}
