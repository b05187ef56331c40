/* What is the same for every network that is compiled ahead of time: its calls of kernels, one after the other and each
 * timed, and what there is to know about its tensors. Generated code has the tables, and functions of its own name that
 * come here. */
#ifndef NN_NETWORK_H
#define NN_NETWORK_H

#include "model_types.h"

/* What an application may ask about a tensor; its shape begins at dims[dims_at]. */
struct nn_network_tensor {
    const void *data;
    float scale;
    int32_t zero_point;
    uint32_t bytes;
    uint16_t dims_at;
    uint8_t rank;
    uint8_t dtype;
};

struct nn_network_call {
    void (*run)(void);
    uint16_t index;        /* of the operator in the .tflite */
    uint16_t first_output; /* in tensors; the last one comes before the next call's first */
};

struct nn_network {
    const struct model_info *info;
    const struct nn_network_call *calls;     /* info->op_count of them, and one that ends the last one's outputs */
    const struct nn_network_tensor *tensors; /* inputs, then outputs, then what each call writes */
    const int32_t *dims;
    const char *const *names; /* of inputs, then outputs */
    uint32_t *ticks;          /* of each call, in the last inference */
};

/* As the functions of model.h. */
int nn_network_invoke_until(const struct nn_network *network, uint16_t count);
int nn_network_input(const struct nn_network *network, uint16_t position, struct model_tensor *tensor);
int nn_network_output(const struct nn_network *network, uint16_t position, struct model_tensor *tensor);
int nn_network_op_output(const struct nn_network *network, uint16_t op, uint16_t output, struct model_tensor *tensor);
uint16_t nn_network_op_index(const struct nn_network *network, uint16_t op);
uint32_t nn_network_op_ticks(const struct nn_network *network, uint16_t op);

#endif
