/* Whether the single-precision FPU of a Cortex-M is there: Thumb code only, so that the assembly blocks can rely on it.
 */
#ifndef NN_FPU_H
#define NN_FPU_H

#if defined(__ARM_FP) && defined(__thumb__)
#define NN_HAS_FPU ((__ARM_FP & 4) != 0)
#else
#define NN_HAS_FPU 0
#endif

/* Parameters of functions that are all assembly. */
#ifndef NN_UNUSED
#define NN_UNUSED __attribute__((unused))
#endif

/* Functions whose loops lose their registers where they are inlined into others. */
#ifndef NN_APART
#define NN_APART __attribute__((noinline))
#endif

#endif
