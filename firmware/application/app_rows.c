#include "app_rows.h"

#include <string.h>

#include "app_windows.h"
#include "nn_network_ticks.h"

/* The row that comes next, and how many there are. */
static uint32_t next_row, filled_rows;

void app_rows_begin_anew(void) {
    next_row = filled_rows = 0;
}

static int compute(uint8_t *row, struct app_result *result) {
    struct model_tensor tensor;

    if (app_config.front_end == NULL) {
        app_windows_copy(row);
        return 0;
    }
    app_config.front_end->input(0, &tensor);
    app_windows_copy(tensor.data);
    const uint32_t begin = nn_network_ticks();
    const int error = app_config.front_end->invoke();
    result->front_end_ticks += nn_network_ticks() - begin;
    app_config.front_end->output(0, &tensor);
    memcpy(row, tensor.data, app_config.row_bytes);
    return error;
}

int app_rows_compute(struct app_result *result) {
    uint8_t *row = app_config.features + (size_t)next_row * app_config.row_bytes;

    result->features = row;
    result->front_end_ticks = app_windows_take_ticks();
    const int error = compute(row, result);
    app_windows_drop_hop();
    next_row = (next_row + 1) % app_config.rows;
    if (filled_rows < app_config.rows) {
        ++filled_rows;
    }
    return error;
}

uint32_t app_rows_filled(void) {
    return filled_rows;
}

void app_rows_copy(void *input, uint32_t count) {
    const uint32_t first = (next_row + app_config.rows - count) % app_config.rows;
    const uint32_t until_end = app_config.rows - first;
    const uint32_t straight = count < until_end ? count : until_end;
    const size_t bytes = (size_t)straight * app_config.row_bytes;

    memcpy(input, app_config.features + (size_t)first * app_config.row_bytes, bytes);
    memcpy((uint8_t *)input + bytes, app_config.features, (size_t)(count - straight) * app_config.row_bytes);
}
