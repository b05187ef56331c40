/* The tensor arena's allocator: TensorFlow Lite Micro's own, with two things added.
 *
 * It measures the arena's true high-water mark, temporaries included, which `arena_used_bytes()` does not count.
 * And it leaves by longjmp as soon as memory runs out, also while an operator runs (SELECT_V2, for one, takes
 * temporaries then): built without assertions, the library goes on with the null pointer in many places (flash and the
 * vector table lie at address 0), and it hands out persistent memory that overlaps temporaries still in use.
 */
#ifndef BOARDPROOF_TFLM_ARENA_H
#define BOARDPROOF_TFLM_ARENA_H

#include <csetjmp>
#include <cstddef>
#include <cstdint>

#include "tflm_library.h"

/* What did not fit: written before `exit` is taken. */
struct TflmExhausted {
    jmp_buf exit;
    bool armed;               /* whether running out of memory takes `exit` */
    uint32_t requested_bytes; /* the allocation that failed; 0 when none has */
    uint32_t available_bytes; /* what was left for it */
};

class TflmArena final : public tflite::SingleArenaBufferAllocator {
  public:
    /* `buffer` is aligned to 16 bytes; `exhausted` outlives the arena. */
    TflmArena(uint8_t *buffer, size_t size_bytes, TflmExhausted *exhausted);

    size_t size_bytes() const {
        return size_bytes_;
    }

    /* The smallest arena, in bytes, that could have served everything so far. `planner` is the one that shared it. */
    size_t peak_bytes(tflite::GreedyMemoryPlanner *planner) const;

    /* Whether the planner stopped because it had no room for another buffer. Notes what it lacked. */
    bool planner_exhausted(tflite::GreedyMemoryPlanner *planner);

    TfLiteStatus ResizeBuffer(uint8_t *buffer, size_t size, size_t alignment) override;
    uint8_t *AllocatePersistentBuffer(size_t size, size_t alignment) override;
    uint8_t *AllocateTemp(size_t size, size_t alignment) override;

    /* Nothing is ever deleted; without this the linker would want ::operator delete and with it the heap. */
    void operator delete(void *) {}

  private:
    void require(size_t size, size_t available);
    void note_use();
    void note_lack(size_t requested, size_t available);

    size_t size_bytes_;
    size_t peak_bytes_ = 0;
    size_t planner_bytes_ = 0; /* what the planner was given: all that was left */
    TflmExhausted *exhausted_;
};

#endif
