#include "tflm_trace.h"

#include "board.h"

TflmTrace tflm_trace;

TfLiteStatus tflm_trace_prepare(TflmStep kernel, TfLiteContext *context, TfLiteNode *node) {
    tflm_trace.active = true;
    const TfLiteStatus status = kernel == nullptr ? kTfLiteOk : kernel(context, node);
    tflm_trace.active = false;
    if (status == kTfLiteOk) {
        tflm_trace.position++; /* stays at the operator that refused */
    }
    return status;
}

TfLiteStatus tflm_trace_invoke(TflmStep kernel, TfLiteContext *context, TfLiteNode *node) {
    TflmTrace *const trace = &tflm_trace;
    if (trace->nesting > 0) {
        return kernel(context, node);
    }
    if (trace->position >= trace->limit) {
        trace->stopped = true;
        return kTfLiteError;
    }
    trace->nesting++;
    trace->active = true;
    const uint32_t start = board_ticks();
    const TfLiteStatus status = kernel(context, node);
    const uint32_t ticks = board_ticks() - start;
    trace->active = false;
    trace->nesting--;
    if (status != kTfLiteOk) {
        return status;
    }
    if (trace->position < trace->op_count) {
        trace->op_ticks[trace->position] = ticks;
    }
    trace->context = context;
    trace->node = node;
    trace->position++;
    return kTfLiteOk;
}
