#include "tflm_arena.h"

#include <algorithm>

#include "tensorflow/lite/micro/micro_arena_constants.h"

TflmArena::TflmArena(uint8_t *buffer, size_t size_bytes, TflmExhausted *exhausted)
    : SingleArenaBufferAllocator(buffer, size_bytes), size_bytes_(size_bytes), exhausted_(exhausted) {}

size_t TflmArena::peak_bytes(tflite::GreedyMemoryPlanner *planner) const {
    if (planner_bytes_ == 0) {
        return peak_bytes_;
    }
    const size_t planned = static_cast<size_t>(planner->GetBufferCount()) * planner->per_buffer_size();
    return std::max(peak_bytes_, size_bytes_ - planner_bytes_ + planned);
}

bool TflmArena::planner_exhausted(tflite::GreedyMemoryPlanner *planner) {
    const size_t wanted = static_cast<size_t>(planner->GetBufferCount() + 1) * planner->per_buffer_size();
    if (planner_bytes_ == 0 || wanted <= planner_bytes_) {
        return false;
    }
    note_lack(wanted, planner_bytes_);
    return true;
}

TfLiteStatus TflmArena::ResizeBuffer(uint8_t *buffer, size_t size, size_t alignment) {
    const uint8_t *const start = tflite::AlignPointerUp(GetOverlayMemoryAddress(), alignment);
    require(size, static_cast<size_t>(tail() - start));
    const TfLiteStatus status = SingleArenaBufferAllocator::ResizeBuffer(buffer, size, alignment);
    note_use();
    return status;
}

uint8_t *TflmArena::AllocatePersistentBuffer(size_t size, size_t alignment) {
    const size_t in_use = GetUsedBytes();
    const size_t padding = reinterpret_cast<uintptr_t>(tail() - size) % alignment;
    require(size + padding, size_bytes_ - in_use);
    uint8_t *const result = SingleArenaBufferAllocator::AllocatePersistentBuffer(size, alignment);
    note_use();
    return result;
}

uint8_t *TflmArena::AllocateTemp(size_t size, size_t alignment) {
    const uint8_t *const start =
        tflite::AlignPointerUp(GetOverlayMemoryAddress() + GetNonPersistentUsedBytes(), alignment);
    const size_t available = start > tail() ? 0 : static_cast<size_t>(tail() - start);
    require(size, available);
    /* The planner asks for all that is left and uses as much as it has buffers to place: see peak_bytes. */
    const bool is_planner = size == GetAvailableMemory(alignment) && alignment == tflite::MicroArenaBufferAlignment();
    if (is_planner) {
        planner_bytes_ = size;
    }
    uint8_t *const result = SingleArenaBufferAllocator::AllocateTemp(size, alignment);
    if (!is_planner) {
        note_use();
    }
    return result;
}

void TflmArena::require(size_t size, size_t available) {
    if (size <= available) {
        return;
    }
    note_lack(size, available);
    if (exhausted_->armed) {
        longjmp(exhausted_->exit, 1);
    }
}

void TflmArena::note_use() {
    peak_bytes_ = std::max(peak_bytes_, GetUsedBytes());
}

void TflmArena::note_lack(size_t requested, size_t available) {
    exhausted_->requested_bytes = static_cast<uint32_t>(requested);
    exhausted_->available_bytes = static_cast<uint32_t>(available);
}
