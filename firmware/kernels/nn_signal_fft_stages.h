/* The stages of a Fourier transform, for one type of number. Before this is included, it must be given:
 *
 *   real                 the type of a number, and complex, a struct of two: r, i
 *   scaled(x, divisor)   what a stage of this radix takes of a number
 *   half(x)              of a sum that is not rounded to the type yet
 *   product(a, b)        of two numbers
 *   times(a, b)          of two complex numbers
 *   plus(a, b), minus(a, b)   of two numbers
 */

static struct complex add(struct complex a, struct complex b) {
    const struct complex sum = {plus(a.r, b.r), plus(a.i, b.i)};
    return sum;
}

static struct complex subtract(struct complex a, struct complex b) {
    const struct complex difference = {minus(a.r, b.r), minus(a.i, b.i)};
    return difference;
}

static struct complex divided(struct complex a, int32_t divisor) {
    const struct complex quotient = {scaled(a.r, divisor), scaled(a.i, divisor)};
    return quotient;
}

/* a + i b, and a - i b. */
static struct complex add_turned(struct complex a, struct complex b) {
    const struct complex sum = {minus(a.r, b.i), plus(a.i, b.r)};
    return sum;
}

static struct complex subtract_turned(struct complex a, struct complex b) {
    const struct complex difference = {plus(a.r, b.i), minus(a.i, b.r)};
    return difference;
}

/* A stage of one block: `m` butterflies, whose numbers are m apart; twiddles are `stride` apart. */
struct stage {
    const struct complex *twiddles;
    int32_t m, stride;
};

static void butterflies2(const struct stage *stage, struct complex *x) {
    const int32_t m = stage->m;
    for (int32_t k = 0; k < m; ++k, ++x) {
        const struct complex a = divided(x[0], 2);
        const struct complex b = times(divided(x[m], 2), stage->twiddles[k * stage->stride]);
        x[m] = subtract(a, b);
        x[0] = add(a, b);
    }
}

static void butterflies3(const struct stage *stage, struct complex *x) {
    const int32_t m = stage->m;
    const real sine = stage->twiddles[stage->stride * m].i;
    for (int32_t k = 0; k < m; ++k, ++x) {
        const struct complex a = divided(x[0], 3);
        const struct complex b = times(divided(x[m], 3), stage->twiddles[k * stage->stride]);
        const struct complex c = times(divided(x[2 * m], 3), stage->twiddles[2 * k * stage->stride]);
        const struct complex sum = add(b, c);
        const struct complex difference = subtract(b, c);
        const struct complex middle = {minus(a.r, half(sum.r)), minus(a.i, half(sum.i))};
        const struct complex turned = {product(difference.r, sine), product(difference.i, sine)};
        x[0] = add(a, sum);
        x[2 * m] = subtract_turned(middle, turned);
        x[m] = add_turned(middle, turned);
    }
}

static void butterflies4(const struct stage *stage, struct complex *x, int inverse) {
    const int32_t m = stage->m;
    for (int32_t k = 0; k < m; ++k, ++x) {
        const struct complex first = divided(x[0], 4);
        const struct complex b = times(divided(x[m], 4), stage->twiddles[k * stage->stride]);
        const struct complex c = times(divided(x[2 * m], 4), stage->twiddles[2 * k * stage->stride]);
        const struct complex d = times(divided(x[3 * m], 4), stage->twiddles[3 * k * stage->stride]);
        const struct complex across = subtract(first, c);
        const struct complex a = add(first, c);
        const struct complex sum = add(b, d);
        const struct complex difference = subtract(b, d);
        x[2 * m] = subtract(a, sum);
        x[0] = add(a, sum);
        x[m] = inverse ? add_turned(across, difference) : subtract_turned(across, difference);
        x[3 * m] = inverse ? subtract_turned(across, difference) : add_turned(across, difference);
    }
}

static void butterflies5(const struct stage *stage, struct complex *x) {
    const int32_t m = stage->m;
    const struct complex *twiddles = stage->twiddles;
    const struct complex ya = twiddles[stage->stride * m];
    const struct complex yb = twiddles[2 * stage->stride * m];
    for (int32_t k = 0; k < m; ++k, ++x) {
        const struct complex a = divided(x[0], 5);
        const struct complex b = times(divided(x[m], 5), twiddles[k * stage->stride]);
        const struct complex c = times(divided(x[2 * m], 5), twiddles[2 * k * stage->stride]);
        const struct complex d = times(divided(x[3 * m], 5), twiddles[3 * k * stage->stride]);
        const struct complex e = times(divided(x[4 * m], 5), twiddles[4 * k * stage->stride]);
        const struct complex outer = add(b, e);
        const struct complex outer_difference = subtract(b, e);
        const struct complex inner = add(c, d);
        const struct complex inner_difference = subtract(c, d);
        x[0] = (struct complex){total3(a.r, outer.r, inner.r), total3(a.i, outer.i, inner.i)};
        const struct complex near = {
            sum3(a.r, product(outer.r, ya.r), product(inner.r, yb.r)),
            sum3(a.i, product(outer.i, ya.r), product(inner.i, yb.r)),
        };
        const struct complex near_turned = {
            plus(product(outer_difference.i, ya.i), product(inner_difference.i, yb.i)),
            minus(negative(product(outer_difference.r, ya.i)), product(inner_difference.r, yb.i)),
        };
        const struct complex far = {
            sum3(a.r, product(outer.r, yb.r), product(inner.r, ya.r)),
            sum3(a.i, product(outer.i, yb.r), product(inner.i, ya.r)),
        };
        const struct complex far_turned = {
            plus(negative(product(outer_difference.i, yb.i)), product(inner_difference.i, ya.i)),
            minus(product(outer_difference.r, yb.i), product(inner_difference.r, ya.i)),
        };
        x[m] = subtract(near, near_turned);
        x[4 * m] = add(near, near_turned);
        x[2 * m] = add(far, far_turned);
        x[3 * m] = subtract(far, far_turned);
    }
}

/* All stages, of numbers that are in their order; innermost first. */
static void transform(const struct nn_signal_fft *op, struct complex *x, int inverse) {
    const int32_t size = op->length / 2;
    int32_t count = 0;
    while (count < NN_FFT_STAGES && op->radix[count]) {
        ++count;
    }
    struct stage stage = {(const struct complex *)op->twiddles, 1, size};
    while (count-- > 0) {
        const int32_t radix = op->radix[count];
        stage.stride /= radix;
        for (int32_t begin = 0; begin < size; begin += stage.m * radix) {
            switch (radix) {
            case 2:
                butterflies2(&stage, x + begin);
                break;
            case 3:
                butterflies3(&stage, x + begin);
                break;
            case 4:
                butterflies4(&stage, x + begin, inverse);
                break;
            default:
                butterflies5(&stage, x + begin);
                break;
            }
        }
        stage.m *= radix;
    }
}

static real sample(const real *input, int32_t position, int32_t size) {
    return position < size ? input[position] : 0;
}

/* The spectrum of a real signal from the transform of its even and odd samples as real and imaginary parts; in place,
 * x has one number more than the transform. */
static void split_spectrum(const struct nn_signal_fft *op, struct complex *x) {
    const struct complex *factors = (const struct complex *)op->split;
    const int32_t size = op->length / 2;
    const struct complex zero = divided(x[0], 2);
    x[0] = (struct complex){plus(zero.r, zero.i), 0};
    x[size] = (struct complex){minus(zero.r, zero.i), 0};
    for (int32_t k = 1; k <= size / 2; ++k) {
        const struct complex mirrored = {x[size - k].r, negative(x[size - k].i)};
        const struct complex one = divided(x[k], 2);
        const struct complex other = divided(mirrored, 2);
        const struct complex even = add(one, other);
        const struct complex odd = times(subtract(one, other), factors[k - 1]);
        x[k] = (struct complex){half_sum(even.r, odd.r), half_sum(even.i, odd.i)};
        x[size - k] = (struct complex){half_difference(even.r, odd.r), half_difference(odd.i, even.i)};
    }
}

/* The other way round: what the inverse transform turns into a real signal. */
static void join_spectrum(const struct nn_signal_fft *op, const struct complex *x, struct complex *joined) {
    const struct complex *factors = (const struct complex *)op->split;
    const int32_t size = op->length / 2;
    const struct complex zero = {plus(x[0].r, x[size].r), minus(x[0].r, x[size].r)};
    joined[0] = divided(zero, 2);
    for (int32_t k = 1; k <= size / 2; ++k) {
        const struct complex mirrored = {x[size - k].r, negative(x[size - k].i)};
        const struct complex one = divided(x[k], 2);
        const struct complex other = divided(mirrored, 2);
        const struct complex even = add(one, other);
        const struct complex odd = times(subtract(one, other), factors[k - 1]);
        joined[k] = add(even, odd);
        joined[size - k] = subtract(even, odd);
        joined[size - k].i = negative(joined[size - k].i);
    }
}

static void forward(const struct nn_signal_fft *op, const real *input, real *output) {
    struct complex *x = (struct complex *)output;
    for (int32_t row = 0; row < op->rows; ++row) {
        for (int32_t i = 0; i < op->length / 2; ++i) {
            const int32_t from = 2 * op->order[i];
            x[i] = (struct complex){sample(input, from, op->input_size), sample(input, from + 1, op->input_size)};
        }
        transform(op, x, 0);
        split_spectrum(op, x);
        input += op->input_size;
        x += op->length / 2 + 1;
    }
}

static void backward(const struct nn_signal_fft *op, const real *input, real *output, void *scratch) {
    const struct complex *spectrum = (const struct complex *)input;
    struct complex *joined = (struct complex *)scratch;
    struct complex *x = (struct complex *)output;
    for (int32_t row = 0; row < op->rows; ++row) {
        join_spectrum(op, spectrum, joined);
        for (int32_t i = 0; i < op->length / 2; ++i) {
            x[i] = joined[op->order[i]];
        }
        transform(op, x, 1);
        spectrum += op->length / 2 + 1;
        x += op->length / 2;
    }
}
