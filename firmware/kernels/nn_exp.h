/* The exponential function of a float, the same on every machine. */
#ifndef NN_EXP_H
#define NN_EXP_H

#ifdef __cplusplus
extern "C" {
#endif

/* exp(x) within 0.502 units in the last place, by the method of Arm's optimized-routines, which glibc has had since
 * release 2.27: the same bits for every float as its expf gives on a processor with fused multiplication. Not-a-number
 * stays. */
float nn_exp_f32_of(float x);

#ifdef __cplusplus
}
#endif

#endif
