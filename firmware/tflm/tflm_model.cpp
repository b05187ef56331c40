/* model.h on TensorFlow Lite Micro's interpreter. */
#include "tflm_model.h"

#include <cstring>
#include <new>

#include "model.h"
#include "tflm_arena.h"
#include "tflm_describe.h"
#include "tflm_message.h"
#include "tflm_trace.h"

namespace {

constexpr uint32_t kArenaAlignment = 16;

/* Raw memory, so that no destructor is registered and nothing runs before setup(). */
template <typename Object> struct Storage {
    alignas(Object) uint8_t bytes[sizeof(Object)];
};

Storage<TflmArena> arena_storage;
Storage<tflite::GreedyMemoryPlanner> planner_storage;
Storage<tflite::MicroInterpreter> interpreter_storage;

TflmArena *arena;
tflite::GreedyMemoryPlanner *planner;
tflite::MicroInterpreter *interpreter;
const tflite::MicroOpResolver *resolver;
TflmExhausted exhausted;
uint32_t needed_bytes;
uint32_t measured_bytes;
int init_result = 1; /* model_init has not run */

const tflite::Model *flatbuffer() {
    return tflite::GetModel(tflm_model.data);
}

int refused(const char *what) {
    tflm_message_begin(what);
    tflm_message_number(tflm_trace.position);
    if (tflm_log()[0] != '\0') {
        tflm_message_text("; the library says: ");
        tflm_message_text(tflm_log());
    }
    return MODEL_ERROR_OPERATOR;
}

int out_of_memory(uint32_t arena_bytes) {
    needed_bytes = arena_bytes + exhausted.requested_bytes - exhausted.available_bytes;
    tflm_message_begin("the arena is too small; its bytes: ");
    tflm_message_number(arena_bytes);
    tflm_message_text(", an allocation of ");
    tflm_message_number(exhausted.requested_bytes);
    tflm_message_text(" found only ");
    tflm_message_number(exhausted.available_bytes);
    return MODEL_ERROR_ARENA;
}

TfLiteStatus allocate(uint32_t arena_bytes) {
    /* As after a reset: the library reads some memory that it never wrote. */
    memset(tflm_model.arena, 0, arena_bytes);
    arena = new (arena_storage.bytes) TflmArena(tflm_model.arena, arena_bytes, &exhausted);
    planner = new (planner_storage.bytes) tflite::GreedyMemoryPlanner();
    tflite::MicroAllocator *const allocator = tflite::MicroAllocator::Create(arena, planner);
    tflite::MicroResourceVariables *variables = nullptr;
    if (tflm_model.resource_variables > 0) {
        variables = tflite::MicroResourceVariables::Create(allocator, tflm_model.resource_variables);
    }
    interpreter = new (interpreter_storage.bytes)
        tflite::MicroInterpreter(flatbuffer(), *resolver, allocator, variables, nullptr);
    return interpreter->AllocateTensors();
}

/* Starts the interpreter anew in the first `arena_bytes` of the arena. 0, or a negative model_error. */
int prepare(uint32_t arena_bytes) {
    needed_bytes = 0;
    tflm_message_begin("");
    tflm_log_clear();
    exhausted.requested_bytes = 0;
    tflm_trace.position = 0;
    tflm_trace.nesting = 0;
    tflm_trace.active = false;
    if (setjmp(exhausted.exit) != 0) {
        exhausted.armed = false;
        return out_of_memory(arena_bytes);
    }
    exhausted.armed = true;
    const TfLiteStatus status = allocate(arena_bytes);
    exhausted.armed = false;
    if (status == kTfLiteOk) {
        return 0;
    }
    return arena->planner_exhausted(planner) ? out_of_memory(arena_bytes) : refused("refused its tensors: operator ");
}

int run(uint16_t limit) {
    needed_bytes = 0;
    tflm_message_begin("");
    tflm_log_clear();
    tflm_trace.limit = limit;
    tflm_trace.position = 0;
    tflm_trace.nesting = 0;
    tflm_trace.stopped = false;
    tflm_trace.active = false;
    if (setjmp(exhausted.exit) != 0) {
        exhausted.armed = false;
        return out_of_memory(static_cast<uint32_t>(arena->size_bytes()));
    }
    exhausted.armed = true; /* some operators take temporary memory while they run */
    const TfLiteStatus status = interpreter->Invoke();
    exhausted.armed = false;
    if (status == kTfLiteOk || tflm_trace.stopped) {
        return 0;
    }
    refused("failed while running: operator ");
    return MODEL_ERROR_INVOKE;
}

uint32_t align_up(uint32_t bytes) {
    return (bytes + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
}

/* What a measuring inference finds in an input, four bytes at a time, little-endian. Whatever lies in the arena might
 * be an index that some operator believes: 0 is one that is always there. */
uint32_t made_up(TfLiteType type, bool ones) {
    if (!ones) {
        return 0;
    }
    return type == kTfLiteFloat32 ? 0x3F800000u : type == kTfLiteInt32 ? 1 : 0x01010101u;
}

void fill_inputs(bool ones) {
    for (size_t i = 0; i < interpreter->inputs_size(); i++) {
        const TfLiteTensor *const input = interpreter->input(i);
        const uint32_t value = made_up(input->type, ones);
        for (size_t k = 0; k < input->bytes; k++) {
            input->data.uint8[k] = static_cast<uint8_t>(value >> (k % 4 * 8));
        }
    }
}

int run_on(bool ones) {
    fill_inputs(ones);
    return run(tflm_model.op_count);
}

bool runs_in(uint32_t arena_bytes, bool ones) {
    return prepare(arena_bytes) == 0 && run_on(ones) == 0;
}

/* Finds the smallest arena that works: from the high-water mark, which should be it already, as far as it takes in
 * either direction. It ends with an inference that ran at N bytes and a preparation that failed at N - 16. */
int measure_arena(bool ones) {
    uint32_t bytes = align_up(model_arena_used());
    while (bytes < tflm_model.arena_bytes && !runs_in(bytes, ones)) {
        bytes += kArenaAlignment;
    }
    while (bytes > kArenaAlignment && runs_in(bytes - kArenaAlignment, ones)) {
        bytes -= kArenaAlignment;
    }
    const int result = prepare(bytes);
    measured_bytes = bytes;
    return result;
}

int start() {
    if (flatbuffer()->version() != TFLITE_SCHEMA_VERSION) {
        tflm_message_begin("the library reads another schema version than the model's, which is ");
        tflm_message_number(flatbuffer()->version());
        return MODEL_ERROR_VERSION;
    }
    tflm_trace.op_ticks = tflm_model.op_ticks;
    tflm_trace.op_count = tflm_model.op_count;
    resolver = tflm_model.make_resolver();
    if (resolver == nullptr) {
        tflm_message_begin("an operator could not be registered");
        return MODEL_ERROR_OPERATOR;
    }
    const int result = prepare(tflm_model.arena_bytes);
    if (result != 0 || !tflm_model.measure) {
        return result;
    }
    int invoked = run_on(false);
    const bool ones = invoked == MODEL_ERROR_INVOKE; /* some kernels refuse to divide by 0 */
    if (ones && prepare(tflm_model.arena_bytes) == 0) {
        invoked = run_on(true);
    }
    return invoked == 0 ? measure_arena(ones) : invoked;
}

/* What an input or output is, with its name, which is at `place` among all of them. */
int describe_port(int index, void *data, size_t place, struct model_tensor *tensor) {
    const int error = tflm_describe(flatbuffer(), index, data, tensor);
    tensor->name = tflm_model.names[place];
    return error;
}

} // namespace

extern "C" int model_init(void) {
    if (init_result > 0) {
        init_result = start();
    } else if (init_result == 0) {
        /* A new interpreter: no other way runs CALL_ONCE again and sets variables to their first values. */
        init_result = prepare(measured_bytes != 0 ? measured_bytes : tflm_model.arena_bytes);
    }
    return init_result;
}

extern "C" int model_invoke(void) {
    return init_result == 0 ? run(tflm_model.op_count) : MODEL_ERROR_INVOKE;
}

extern "C" int model_invoke_until(uint16_t count) {
    if (count > tflm_model.op_count) {
        return MODEL_ERROR_RANGE;
    }
    return init_result == 0 ? run(count) : MODEL_ERROR_INVOKE;
}

extern "C" int model_input(uint16_t position, struct model_tensor *tensor) {
    if (init_result != 0 || position >= interpreter->inputs_size()) {
        return MODEL_ERROR_RANGE;
    }
    return describe_port(interpreter->inputs().Get(position), interpreter->input(position)->data.data, position,
                         tensor);
}

extern "C" int model_output(uint16_t position, struct model_tensor *tensor) {
    if (init_result != 0 || position >= interpreter->outputs_size()) {
        return MODEL_ERROR_RANGE;
    }
    return describe_port(interpreter->outputs().Get(position), interpreter->output(position)->data.data,
                         interpreter->inputs_size() + position, tensor);
}

extern "C" int model_op_output(uint16_t op, uint16_t output, struct model_tensor *tensor) {
    const TfLiteNode *const node = tflm_trace.node;
    if (init_result != 0 || node == nullptr || op + 1 != tflm_trace.position || output >= node->outputs->size) {
        return MODEL_ERROR_RANGE;
    }
    const int index = node->outputs->data[output];
    if (index < 0) {
        return MODEL_ERROR_RANGE;
    }
    TfLiteContext *const context = tflm_trace.context;
    return tflm_describe(flatbuffer(), index, context->GetEvalTensor(context, index)->data.data, tensor);
}

extern "C" uint16_t model_op_index(uint16_t op) {
    return op;
}

extern "C" uint32_t model_op_ticks(uint16_t op) {
    return op < tflm_model.op_count ? tflm_model.op_ticks[op] : 0;
}

extern "C" uint32_t model_arena_used(void) {
    if (measured_bytes != 0) {
        return measured_bytes;
    }
    return arena == nullptr || planner == nullptr ? 0 : static_cast<uint32_t>(arena->peak_bytes(planner));
}

extern "C" uint32_t model_arena_needed(void) {
    return needed_bytes;
}

extern "C" const char *model_error_message(void) {
    return tflm_message();
}

extern "C" const char *model_locate_fault(const char *fault) {
    tflm_message_begin("");
    if (tflm_trace.active && tflm_trace.position < tflm_model.op_count) {
        tflm_message_text("in operator ");
        tflm_message_number(tflm_trace.position);
        tflm_message_text(": ");
    }
    tflm_message_text(fault);
    return tflm_message();
}
