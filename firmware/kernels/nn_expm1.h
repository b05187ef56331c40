/* exp(x) - 1 of a float, the same on every machine. */
#ifndef NN_EXPM1_H
#define NN_EXPM1_H

#ifdef __cplusplus
extern "C" {
#endif

/* exp(x) - 1 within one unit in the last place, by the method of Sun's fdlibm in single precision: the same bits for
 * every float as glibc's expm1f gives up to release 2.40. Not-a-number stays. */
float nn_expm1_f32_of(float x);

#ifdef __cplusplus
}
#endif

#endif
