/* What calls of kernels are timed with: the board's counter. */
#ifndef NN_NETWORK_TICKS_H
#define NN_NETWORK_TICKS_H

#include "board.h"

#define nn_network_ticks board_ticks

#endif
