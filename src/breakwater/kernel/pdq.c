/* PDQ: taps, tables, bits, quality, and the choice between the fast and the faithful filter.
 *
 * The specification is ThreatExchange's pdq/cpp (hashing.pdf of 2017) as pdqhash 0.2.8 builds it:
 * a running-sum filter in float32 whose rounding can decide a bit. The fast filter is used only
 * where no rounding of the reference can: `settled` compares the gap at the median, and the
 * quality's nearest step, with a bound on the reference's own error, and otherwise the faithful
 * filter is run. So the answer always equals the reference's.
 */
#include <math.h>
#include <stdlib.h>

#include "kernel.h"

float bw_dct_rows[16][64];
float bw_dct_columns[64][16];

void bw_pdq_init(void) {
    const double pi = 3.14159265358979323846;
    const float scale = (float)sqrt(2.0 / 64.0);
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 64; j++) {
            float value = (float)(scale * cos((pi / 2.0 / 64.0) * (i + 1) * (2 * j + 1)));
            bw_dct_rows[i][j] = value;
            bw_dct_columns[j][i] = value;
        }
}

size_t bw_box_window(size_t length) { return (length + 127) / 128; }

size_t bw_decimated(size_t out, size_t length) {
    return (size_t)((((double)out + 0.5) * (double)length) / 64);
}

/* The inputs box-filter output `at` averages: [*low, *high). */
static void box_span(size_t at, size_t length, size_t window, size_t *low, size_t *high) {
    size_t half = (window + 2) / 2;
    *low = at + half > window ? at + half - window : 0;
    *high = at + half < length ? at + half : length;
}

/* Two box filters and the decimation as 64 rows of weights, times window squared, so that the
 * weights of the interior are whole numbers and sums of bytes stay exact. */
float *bw_taps_fill(size_t length, bw_taps taps[64]) {
    size_t window = bw_box_window(length), room = 2 * window + 1;
    double square = (double)window * (double)window;
    float *weights = malloc(64 * room * sizeof *weights);
    double *steps = malloc((room + 1) * sizeof *steps);
    if (weights == NULL || steps == NULL) {
        free(weights);
        free(steps);
        return NULL;
    }
    for (size_t i = 0; i < 64; i++) {
        size_t low, high, first, last, from, to;
        box_span(bw_decimated(i, length), length, window, &low, &high);
        box_span(low, length, window, &first, &to);
        box_span(high - 1, length, window, &from, &last);
        memset(steps, 0, (room + 1) * sizeof *steps);
        for (size_t at = low; at < high; at++) {
            box_span(at, length, window, &from, &to);
            double share = square / ((double)(high - low) * (double)(to - from));
            steps[from - first] += share;
            steps[to - first] -= share;
        }
        double sum = 0;
        for (size_t tap = 0; tap < last - first; tap++) {
            sum += steps[tap];
            double whole = (double)(int64_t)(sum + 0.5);
            weights[i * room + tap] = (float)(fabs(sum - whole) < 1e-6 ? whole : sum);
        }
        taps[i] = (bw_taps){first, last - first, weights + i * room};
    }
    free(steps);
    return weights;
}

static int quality_of(int sum) { return sum / 90 > 100 ? 100 : sum / 90; }

static int luma_quality(const float *luma) { return quality_of(bw_active()->steps(luma)); }

/* Whether coefficient (i, j) changes sign in the reference's order of the eight orientations. */
static bool flips_sign(int turn, int i, int j) {
    switch (turn) {
    case 1: return !(j & 1);      /* rotate 90, transposed */
    case 2: return (i + j) & 1;   /* rotate 180 */
    case 3: return !(i & 1);      /* rotate 270, transposed */
    case 4: return !(i & 1);      /* flip x */
    case 5: return !(j & 1);      /* flip y */
    case 7: return (i + j) & 1;   /* flip -1, transposed */
    default: return false;        /* original; flip +1, transposed */
    }
}

static float write_all_bits(const float *coefficients, bool dihedral, bw_pdq *out) {
    float smallest = bw_active()->bits(coefficients, out->hash[0]);
    for (int turn = 1; dihedral && turn < 8; turn++) {
        bool transposed = turn & 1 ? turn != 5 : turn == 6;
        float turned[256];
        for (int i = 0; i < 16; i++)
            for (int j = 0; j < 16; j++) {
                float value = coefficients[16 * i + j];
                turned[transposed ? 16 * j + i : 16 * i + j] = flips_sign(turn, i, j) ? -value : value;
            }
        float gap = bw_active()->bits(turned, out->hash[turn]);
        if (gap < smallest) smallest = gap;
    }
    return smallest;
}

/* Adds the least and the most that the steps between `count` neighbours can come to. */
static void step_bounds(const float *from, const float *to, int count, float error, int bounds[2]) {
    float slack = 2 * error * 100 / 255;
    int low = 0, high = 0;
    for (int i = 0; i < count; i++) {
        float step = fabsf(from[i] - to[i]) * (100.0f / 255), least = step - slack;
        low += (int)(least > 0 ? least : 0);
        high += (int)(step + slack);
    }
    bounds[0] += low;
    bounds[1] += high;
}

/* Whether the quality is the same for every luma within `error` of this one. */
static bool quality_settled(const float *luma, float error) {
    int bounds[2] = {0, 0};
    step_bounds(luma, luma + 64, 64 * 63, error, bounds);
    for (int i = 0; i < 64; i++) step_bounds(luma + 64 * i, luma + 64 * i + 1, 63, error, bounds);
    return quality_of(bounds[0]) == quality_of(bounds[1]);
}

/* A standard deviation of the reference's rounding error in one luma value.
 *
 * A running sum of bytes rounds, twice a step, at half a unit in the last place of its largest
 * value; taken as a random walk over the whole length (in truth it walks only where the sum
 * crosses a power of two) and divided by the window. The last pass dominates.
 */
static double walk_error(size_t length) {
    double window = (double)bw_box_window(length);
    int exponent;
    frexp(255 * (window + 1), &exponent); /* the new byte is added before the old one leaves */
    return ldexp(1.0, exponent - 24) / sqrt(12.0) * sqrt(2.0 * (double)length) / window;
}

#define SETTLED_LUMA 10.0        /* deviations; test_kernel_pdq measures at most a third of these */
#define SETTLED_COEFFICIENT 5.0
#define DCT_ERROR 1.5e-4         /* the DCT's own float32 rounding, one deviation at full contrast */
#define FAST_LEAST (96 * 96)     /* below it the faithful filter costs less than deciding */
#define FAST_SIDE 32768          /* above it the taps' sums of bytes leave float32's whole numbers */

static bool settled(const bw_picture *picture, const float *luma, float gap) {
    double down = walk_error(picture->rows), across = walk_error(picture->cols);
    double pixel = sqrt(down * down + across * across);
    /* An error that drifts down a column gathers in the low frequencies: eight columns' worth. */
    double coefficient = sqrt(64 * pixel * pixel + DCT_ERROR * DCT_ERROR);
    if (!(gap > 2 * SETTLED_COEFFICIENT * coefficient)) return false;
    return quality_settled(luma, (float)(SETTLED_LUMA * pixel));
}

void bw_pdq_from_luma(const float *luma, bool dihedral, bw_pdq *out) {
    float coefficients[256];
    bw_active()->dct(luma, coefficients);
    write_all_bits(coefficients, dihedral, out);
    out->quality = luma_quality(luma);
    out->exact_path = true;
}

void bw_pdq_turned_over(const float *coefficients, uint8_t hash[32]) {
    float turned[256];
    for (int at = 0; at < 256; at++)
        turned[at] = flips_sign(5, at / 16, at % 16) ? -coefficients[at] : coefficients[at];
    bw_active()->bits(turned, hash);
}

int bw_pdq_quality(const float *luma) { return luma_quality(luma); }

/* The reference's luma. At 64 x 64 it skips the filter, except for the eight orientations. */
static int faithful_luma(const bw_picture *picture, bool filter_always, float *luma) {
    if (picture->rows == 64 && picture->cols == 64 && !filter_always) {
        for (size_t i = 0; i < 4096; i++) {
            const uint8_t *p = picture->pixels + i * (size_t)picture->channels;
            luma[i] = picture->channels == 1
                          ? (float)p[0]
                          : (float)(299 * p[0] + 587 * p[1] + 114 * p[2]) / 1000.0f;
        }
        return 0;
    }
    return bw_active()->luma_exact(picture, luma);
}

int bw_pdq_luma(const bw_picture *picture, float *luma) { return faithful_luma(picture, false, luma); }

int bw_pdq_hash(const bw_picture *picture, bool dihedral, bw_pdq *out) {
    float luma[4096];
    memset(out, 0, sizeof *out);
    if (picture->rows < BW_PDQ_MIN_SIDE || picture->cols < BW_PDQ_MIN_SIDE) return 0;
    if (picture->rows * picture->cols >= FAST_LEAST && picture->rows <= FAST_SIDE &&
        picture->cols <= FAST_SIDE) {
        float coefficients[256];
        if (bw_active()->luma_fast(picture, luma) != 0) return -1;
        bw_active()->dct(luma, coefficients);
        if (settled(picture, luma, write_all_bits(coefficients, dihedral, out))) {
            out->quality = luma_quality(luma);
            return 0;
        }
    }
    if (faithful_luma(picture, dihedral, luma) != 0) return -1;
    bw_pdq_from_luma(luma, dihedral, out);
    return 0;
}
