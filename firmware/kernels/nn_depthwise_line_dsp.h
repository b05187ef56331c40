/* One channel of a line of outputs of a 3x3 depthwise convolution: what nn_depthwise_dsp.c computes with. */
#ifndef NN_DEPTHWISE_LINE_DSP_H
#define NN_DEPTHWISE_LINE_DSP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { NN_DEPTHWISE3_LINES = 3 };

/* The assembly knows the order of the members. */
struct nn_depthwise_line_dsp {
    const uint32_t *ring;    /* [words][3 lines] */
    const uint32_t *weights; /* pairs (w0, w1), (w1, w2) of the kernel lines, in the order of the ring's lines */
    int32_t bias;
    const uint32_t *end; /* the word of the ring that the last full pair of outputs ends with */
    int32_t multiplier, shift;
    int8_t *output;
    int32_t output_step;
    int32_t round;
    int32_t odd; /* whether one more output follows */
};

typedef void nn_depthwise_line_function_dsp(const struct nn_depthwise_line_dsp *line);

/* By stride. What kinds of rescaling there are is said in nn_depthwise_dsp.h. */
nn_depthwise_line_function_dsp nn_depthwise_line1_one_sided_dsp, nn_depthwise_line1_two_sided_dsp;
nn_depthwise_line_function_dsp nn_depthwise_line2_one_sided_dsp, nn_depthwise_line2_two_sided_dsp;

#ifdef __cplusplus
}
#endif

#endif
