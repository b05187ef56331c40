/* Walking the places of several axes: see nn_pick in nn_move.h. */
#ifndef NN_PLACES_H
#define NN_PLACES_H

#include "nn_move.h"

/* Where the current index is: an entry per axis, and their sum. */
struct nn_places {
    const int32_t *axis[NN_MOVE_AXES];
    int32_t index[NN_MOVE_AXES];
    ptrdiff_t sum;
};

static inline void nn_places_begin(struct nn_places *places, const int32_t *dims, const int32_t *entries) {
    places->sum = 0;
    for (int axis = 0; axis < NN_MOVE_AXES; ++axis) {
        places->axis[axis] = entries;
        places->index[axis] = 0;
        places->sum += entries[0];
        entries += dims[axis];
    }
}

/* Moves to the next index; 0 when there is none. */
static inline int nn_places_next(struct nn_places *places, const int32_t *dims) {
    for (int axis = NN_MOVE_AXES - 1; axis >= 0; --axis) {
        const int32_t *entries = places->axis[axis];
        const int32_t before = entries[places->index[axis]];
        if (++places->index[axis] < dims[axis]) {
            places->sum += (ptrdiff_t)entries[places->index[axis]] - before;
            return 1;
        }
        places->index[axis] = 0;
        places->sum += (ptrdiff_t)entries[0] - before;
    }
    return 0;
}

#endif
