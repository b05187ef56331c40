/* Sees every operator that runs: its ticks, its place in the graph, and whether to stop before it.
 *
 * The library's own profiler is compiled out together with the error strings, and it cannot stop an inference. So each
 * registration's `prepare` and `invoke` are replaced by functions of ours that call the original.
 */
#ifndef BOARDPROOF_TFLM_TRACE_H
#define BOARDPROOF_TFLM_TRACE_H

#include <cstdint>
#include <type_traits>

#include "tflm_library.h"

using TflmStep = TfLiteStatus (*)(TfLiteContext *context, TfLiteNode *node);

struct TflmTrace {
    uint32_t *op_ticks;     /* one entry per operator of the main graph */
    uint16_t op_count;      /* entries of op_ticks */
    uint16_t limit;         /* the execution position to stop before */
    uint16_t position;      /* operators of the main graph that have run, or were prepared */
    uint16_t nesting;       /* more than 0 inside an operator that runs a graph of its own (IF, WHILE, CALL_ONCE) */
    bool active;            /* whether an operator is being prepared or runs: that at `position` */
    bool stopped;           /* whether `limit` ended the inference */
    TfLiteContext *context; /* of the operator that ran last */
    TfLiteNode *node;       /* likewise */
};

extern TflmTrace tflm_trace;

TfLiteStatus tflm_trace_prepare(TflmStep kernel, TfLiteContext *context, TfLiteNode *node);
TfLiteStatus tflm_trace_invoke(TflmStep kernel, TfLiteContext *context, TfLiteNode *node);

/* One pair of functions for each slot, since a kernel is not told which registration it was called through. */
template <unsigned kSlot> struct TflmTraceSlot {
    static TflmStep prepare_kernel;
    static TflmStep invoke_kernel;

    static TfLiteStatus prepare(TfLiteContext *context, TfLiteNode *node) {
        return tflm_trace_prepare(prepare_kernel, context, node);
    }

    static TfLiteStatus invoke(TfLiteContext *context, TfLiteNode *node) {
        return tflm_trace_invoke(invoke_kernel, context, node);
    }
};

template <unsigned kSlot> TflmStep TflmTraceSlot<kSlot>::prepare_kernel = nullptr;
template <unsigned kSlot> TflmStep TflmTraceSlot<kSlot>::invoke_kernel = nullptr;

/* Puts the operator behind `registration`, which belongs to a resolver that is not const, under observation. False when
 * there is none. */
template <unsigned kSlot, typename Registration> bool tflm_trace_operator(const Registration *registration) {
    if (registration == nullptr) {
        return false;
    }
    Registration *const traced = const_cast<Registration *>(registration);
    TflmTraceSlot<kSlot>::prepare_kernel = traced->prepare;
    TflmTraceSlot<kSlot>::invoke_kernel = traced->invoke;
    traced->prepare = TflmTraceSlot<kSlot>::prepare;
    traced->invoke = TflmTraceSlot<kSlot>::invoke;
    return true;
}

#endif
