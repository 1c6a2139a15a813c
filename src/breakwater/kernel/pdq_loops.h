/* PDQ's blur and decimation to 64 x 64 and its DCT, compiled once per instruction set.
 *
 * luma_exact repeats the reference's float operations in their order (ThreatExchange
 * pdq/cpp/downscaling: two passes of a running-sum box along rows, then columns), in strips, so
 * that the picture is read once and every sum rounds as the reference's does. luma_fast computes
 * the same linear operator as sparse taps and rounds differently: pdq.c decides when that is safe.
 * Fused multiply-add appears only where MULTIPLY_ADD is written; the build forbids contraction.
 */
#include <math.h>
#include <stdlib.h>

#include "kernel.h"

#define STRIP 32 /* rows whose running sums advance side by side */
#define EXACT_COUNT 1024

/* x / count, rounded as a division rounds: the product with the reciprocal, mended by its remainder,
 * is the nearest float for every x and every whole count up to EXACT_COUNT (test_kernel_divide tries
 * them all). Without a fused multiply-add the remainder is not exact, and the division stays. */
TARGET static inline float quotient(float x, float count, float inverse) {
#ifdef FUSED
    float near = x * inverse;
    return MULTIPLY_ADD(MULTIPLY_ADD(-near, count, x), inverse, near);
#else
    (void)inverse;
    return x / count;
#endif
}

TARGET static void divide(const float *sums, float *out, size_t length, float count) {
    float inverse = 1.0f / count;
    if (count <= EXACT_COUNT)
        for (size_t at = 0; at < length; at++) out[at] = quotient(sums[at], count, inverse);
    else
        for (size_t at = 0; at < length; at++) out[at] = sums[at] / count;
}

/* Luma as the reference rounds it: the exact sum in thousandths fits a float, one division rounds. */
TARGET static void luma_row(const bw_picture *picture, size_t row, float *out) {
    const uint8_t *p = picture->pixels + row * picture->cols * (size_t)picture->channels;
    if (picture->channels == 1) {
        for (size_t col = 0; col < picture->cols; col++) out[col] = (float)p[col];
        return;
    }
    for (size_t col = 0; col < picture->cols; col++) {
        int thousandths = 299 * p[3 * col] + 587 * p[3 * col + 1] + 114 * p[3 * col + 2];
        out[col] = quotient((float)thousandths, 1000.0f, 1.0f / 1000.0f);
    }
}

typedef struct {
    size_t rows, cols;
    size_t row_window, row_half; /* along a row: window and its right half, from the width */
    size_t col_window, col_half;
    float *strip;  /* STRIP x cols */
    float *turned; /* cols x STRIP */
    float *boxed;  /* cols x STRIP, or 64 x STRIP */
    float *ring;   /* (col_window + 1) x cols: rows the vertical sums still subtract */
    float *sums;   /* cols */
    float *narrow; /* rows x 64: the second pass along rows, at the 64 columns only */
    size_t *picks; /* 64: the decimated columns */
} exact_state;

#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector((a), (b), i, j, k, l)
#else
#define SHUFFLE(a, b, i, j, k, l) __builtin_shuffle((a), (b), (four_ints){i, j, k, l})
#endif
typedef float four __attribute__((vector_size(16)));
typedef int four_ints __attribute__((vector_size(16)));

/* Turns a block of 4 x 4 floats. */
TARGET static inline void turn_block(const float *in, size_t in_stride, float *out, size_t out_stride) {
    four a, b, c, d;
    memcpy(&a, in, sizeof a);
    memcpy(&b, in + in_stride, sizeof b);
    memcpy(&c, in + 2 * in_stride, sizeof c);
    memcpy(&d, in + 3 * in_stride, sizeof d);
    four ab = SHUFFLE(a, b, 0, 4, 1, 5), cd = SHUFFLE(c, d, 0, 4, 1, 5);
    four first = SHUFFLE(ab, cd, 0, 1, 4, 5), second = SHUFFLE(ab, cd, 2, 3, 6, 7);
    ab = SHUFFLE(a, b, 2, 6, 3, 7), cd = SHUFFLE(c, d, 2, 6, 3, 7);
    four third = SHUFFLE(ab, cd, 0, 1, 4, 5), fourth = SHUFFLE(ab, cd, 2, 3, 6, 7);
    memcpy(out, &first, sizeof first);
    memcpy(out + out_stride, &second, sizeof second);
    memcpy(out + 2 * out_stride, &third, sizeof third);
    memcpy(out + 3 * out_stride, &fourth, sizeof fourth);
}

TARGET static void turn_in(const float *strip, size_t cols, float *turned) {
    size_t col = 0;
    for (; col + 4 <= cols; col += 4)
        for (size_t r = 0; r < STRIP; r += 4)
            turn_block(strip + r * cols + col, cols, turned + col * STRIP + r, STRIP);
    for (; col < cols; col++)
        for (size_t r = 0; r < STRIP; r++) turned[col * STRIP + r] = strip[r * cols + col];
}

TARGET static void turn_out(const float *turned, size_t cols, float *strip) {
    size_t col = 0;
    for (; col + 4 <= cols; col += 4)
        for (size_t r = 0; r < STRIP; r += 4)
            turn_block(turned + col * STRIP + r, STRIP, strip + r * cols + col, cols);
    for (; col < cols; col++)
        for (size_t r = 0; r < STRIP; r++) strip[r * cols + col] = turned[col * STRIP + r];
}

/* Box filter of `length` steps over vectors of STRIP floats: add the new, then take the old. Only the
 * outputs at `picks` are divided and kept, in order; without picks all of them are. */
TARGET static void box_strip(const float *in, float *out, size_t length, size_t window, size_t half,
                             const size_t *picks) {
    float sum[STRIP] = {0};
    size_t next = 0;
    for (size_t t = 0; t + 1 < length + half; t++) {
        size_t count = t + 1 < window ? t + 1 : window;
        if (t < length) {
            const float *add = in + t * STRIP;
            for (size_t r = 0; r < STRIP; r++) sum[r] += add[r];
        } else {
            count = window - (t - length) - 1;
        }
        if (t >= window) {
            const float *old = in + (t - window) * STRIP;
            for (size_t r = 0; r < STRIP; r++) sum[r] -= old[r];
        }
        if (t + 1 < half) continue;
        if (picks == NULL) {
            divide(sum, out + (t + 1 - half) * STRIP, STRIP, (float)count);
        } else {
            for (; next < 64 && picks[next] == t + 1 - half; next++)
                divide(sum, out + next * STRIP, STRIP, (float)count);
        }
    }
}

/* The second pass along rows for a strip of vertically boxed rows; keeps only 64 columns. */
TARGET static void narrow_strip(exact_state *s, size_t first, size_t count) {
    turn_in(s->strip, s->cols, s->turned);
    box_strip(s->turned, s->boxed, s->cols, s->row_window, s->row_half, s->picks);
    for (size_t r = 0; r < count; r++)
        for (size_t j = 0; j < 64; j++) s->narrow[(first + r) * 64 + j] = s->boxed[j * STRIP + r];
}

typedef struct {
    size_t done;   /* rows the vertical pass has given out */
    size_t held;   /* of these, rows waiting in the strip */
} vertical;

TARGET static void emit_row(exact_state *s, vertical *v, float count) {
    divide(s->sums, s->strip + v->held * s->cols, s->cols, count);
    v->done++;
    if (++v->held == STRIP) {
        narrow_strip(s, v->done - STRIP, STRIP);
        v->held = 0;
    }
}

TARGET static void vertical_add(exact_state *s, vertical *v, size_t t, const float *row) {
    size_t slots = s->col_window + 1;
    memcpy(s->ring + (t % slots) * s->cols, row, s->cols * sizeof *row);
    if (t >= s->col_window) {
        const float *old = s->ring + ((t - s->col_window) % slots) * s->cols;
        for (size_t col = 0; col < s->cols; col++) {
            float sum = s->sums[col] + row[col];
            s->sums[col] = sum - old[col];
        }
    } else {
        for (size_t col = 0; col < s->cols; col++) s->sums[col] += row[col];
    }
    if (t + 1 >= s->col_half)
        emit_row(s, v, (float)(t + 1 < s->col_window ? t + 1 : s->col_window));
}

TARGET static void vertical_end(exact_state *s, vertical *v) {
    size_t slots = s->col_window + 1;
    for (size_t left = s->col_window; v->done < s->rows;) {
        const float *old = s->ring + ((s->rows - left) % slots) * s->cols;
        left--;
        for (size_t col = 0; col < s->cols; col++) s->sums[col] -= old[col];
        emit_row(s, v, (float)left);
    }
    if (v->held) narrow_strip(s, v->done - v->held, v->held);
}

/* The last pass, along the 64 columns, given out at the 64 decimated rows. */
TARGET static void decimate_narrow(const exact_state *s, float *luma) {
    float sum[64] = {0};
    size_t done = 0, next = 0;
    for (size_t t = 0; done < s->rows; t++) {
        size_t count = t + 1 < s->col_window ? t + 1 : s->col_window;
        if (t < s->rows)
            for (size_t j = 0; j < 64; j++) sum[j] += s->narrow[t * 64 + j];
        else
            count = s->col_window - (t - s->rows) - 1;
        if (t >= s->col_window)
            for (size_t j = 0; j < 64; j++) sum[j] -= s->narrow[(t - s->col_window) * 64 + j];
        if (t + 1 < s->col_half) continue;
        for (; next < 64 && bw_decimated(next, s->rows) == done; next++)
            for (size_t j = 0; j < 64; j++) luma[next * 64 + j] = sum[j] / (float)count;
        done++;
    }
}

TARGET static int luma_exact(const bw_picture *picture, float *luma) {
    exact_state s = {.rows = picture->rows, .cols = picture->cols};
    size_t picks[64], strip = STRIP * s.cols;
    vertical v = {0, 0};
    s.row_window = bw_box_window(s.cols);
    s.col_window = bw_box_window(s.rows);
    s.row_half = (s.row_window + 2) / 2;
    s.col_half = (s.col_window + 2) / 2;
    size_t boxed = STRIP * (s.cols < 64 ? 64 : s.cols);
    size_t lines = (s.col_window + 2) * s.cols + (s.rows + STRIP) * 64;
    float *memory = calloc(3 * strip + boxed + lines, sizeof *memory);
    if (memory == NULL) return -1;
    float *lumas = memory;
    s.strip = lumas + strip;
    s.turned = s.strip + strip;
    s.boxed = s.turned + strip;
    s.ring = s.boxed + boxed;
    s.sums = s.ring + (s.col_window + 1) * s.cols;
    s.narrow = s.sums + s.cols;
    s.picks = picks;
    for (size_t j = 0; j < 64; j++) picks[j] = bw_decimated(j, s.cols);
    for (size_t row = 0; row < s.rows; row += STRIP) {
        size_t count = s.rows - row < STRIP ? s.rows - row : STRIP;
        for (size_t r = 0; r < count; r++) luma_row(picture, row + r, lumas + r * s.cols);
        turn_in(lumas, s.cols, s.turned);
        box_strip(s.turned, s.boxed, s.cols, s.row_window, s.row_half, NULL);
        turn_out(s.boxed, s.cols, lumas);
        for (size_t r = 0; r < count; r++) vertical_add(&s, &v, row + r, lumas + r * s.cols);
    }
    vertical_end(&s, &v);
    decimate_narrow(&s, luma);
    free(memory);
    return 0;
}

#define LINE 64         /* bytes that are fetched ahead at once */
#define BLOCK 16384     /* most columns at once: their 16-bit sums stay in the first caches */
#define MOST_WEIGHT 257 /* so many times 255 just fits 16 bits */

/* Sums of `count` rows of bytes by whole weights of at most MOST_WEIGHT together. The rows that come
 * next in the picture are fetched meanwhile: four streams, whole rows long, are read at memory's pace. */
TARGET static void weigh_whole(const uint8_t *rows, size_t stride, size_t width, const uint16_t *weights,
                               size_t count, uint16_t *restrict sums) {
    size_t tap = 1;
    for (size_t x = 0; x < width; x++) sums[x] = (uint16_t)(weights[0] * rows[x]);
    for (; tap + 4 <= count; tap += 4) {
        const uint8_t *p = rows + tap * stride, *q = p + stride, *r = q + stride, *s = r + stride;
        uint16_t a = weights[tap], b = weights[tap + 1], c = weights[tap + 2], d = weights[tap + 3];
        size_t x = 0;
        for (; x + LINE <= width; x += LINE) {
            for (size_t ahead = 4; ahead < 8; ahead++) __builtin_prefetch(p + ahead * stride + x);
            for (size_t y = x; y < x + LINE; y++)
                sums[y] = (uint16_t)(sums[y] + a * p[y] + b * q[y] + c * r[y] + d * s[y]);
        }
        for (; x < width; x++)
            sums[x] = (uint16_t)(sums[x] + a * p[x] + b * q[x] + c * r[x] + d * s[x]);
    }
    for (; tap < count; tap++) {
        const uint8_t *p = rows + tap * stride;
        uint16_t a = weights[tap];
        for (size_t x = 0; x < width; x++) sums[x] = (uint16_t)(sums[x] + a * p[x]);
    }
}

/* Weighted sums of rows of bytes: in 16 bits as far as these reach; at an edge, weights are broken. */
TARGET static void weigh_rows(const uint8_t *rows, size_t stride, size_t width, const bw_taps *taps,
                              float *restrict sums) {
    uint16_t weights[MOST_WEIGHT], block[BLOCK];
    for (size_t tap = 0; tap < taps->count;) {
        size_t count = 0;
        for (unsigned total = 0; tap + count < taps->count && count < MOST_WEIGHT; count++) {
            float weight = taps->weights[tap + count];
            unsigned whole = (unsigned)weight;
            if ((float)whole != weight || total + whole > MOST_WEIGHT) break;
            total += whole;
            weights[count] = (uint16_t)whole;
        }
        const uint8_t *p = rows + tap * stride;
        float a = taps->weights[tap];
        if (count != 0) weigh_whole(p, stride, width, weights, count, block);
        if (count != 0 && tap == 0)
            for (size_t x = 0; x < width; x++) sums[x] = (float)block[x];
        else if (count != 0)
            for (size_t x = 0; x < width; x++) sums[x] += (float)block[x];
        else if (tap == 0)
            for (size_t x = 0; x < width; x++) sums[x] = a * (float)p[x];
        else
            for (size_t x = 0; x < width; x++) sums[x] = MULTIPLY_ADD(a, (float)p[x], sums[x]);
        tap += count != 0 ? count : 1;
    }
}

/* The weighted sum of `count` values, a multiple of 16, in four parts. */
TARGET static inline four weigh_columns(const float *sums, const float *weights, size_t count) {
    float parts[16] = {0};
    for (size_t at = 0; at < count; at += 16)
        for (size_t lane = 0; lane < 16; lane++)
            parts[lane] = MULTIPLY_ADD(weights[at + lane], sums[at + lane], parts[lane]);
    four a, b, c, d;
    memcpy(&a, parts, sizeof a);
    memcpy(&b, parts + 4, sizeof b);
    memcpy(&c, parts + 8, sizeof c);
    memcpy(&d, parts + 12, sizeof d);
    return (a + b) + (c + d);
}

/* One row of the 64 x 64 luma from the sums of its rows: 64 taps of columns, `room` weights each. */
TARGET static void weigh_line(const float *sums, const size_t starts[64], const float *weights, size_t room,
                              float scale, float *luma) {
    for (size_t j = 0; j < 64; j += 4) {
        four parts[4], turned[4];
        for (size_t k = 0; k < 4; k++)
            parts[k] = weigh_columns(sums + starts[j + k], weights + (j + k) * room, room);
        turn_block((const float *)parts, 4, (float *)turned, 4);
        four sum = ((turned[0] + turned[1]) + (turned[2] + turned[3])) * scale;
        memcpy(luma + j, &sum, sizeof sum);
    }
}

/* The taps of both axes; a column's weight holds its channel's share of the luma. */
TARGET static int luma_fast(const bw_picture *picture, float *luma) {
    static const float shares[2][3] = {{1}, {0.299f, 0.587f, 0.114f}};
    size_t channels = (size_t)picture->channels, stride = picture->cols * channels, starts[64];
    size_t down_window = bw_box_window(picture->rows), across_window = bw_box_window(picture->cols);
    size_t room = (2 * across_window * channels + 15) & ~(size_t)15;
    bw_taps down[64], across[64];
    float *down_weights = bw_taps_fill(picture->rows, down);
    float *across_weights = bw_taps_fill(picture->cols, across);
    float *sums = calloc(stride + room + 64 * room, sizeof *sums), *weights = sums + stride + room;
    int result = down_weights && across_weights && sums ? 0 : -1;
    double scale = 1.0 / ((double)(down_window * down_window) * (double)(across_window * across_window));
    for (size_t j = 0; result == 0 && j < 64; j++) {
        starts[j] = across[j].start * channels;
        for (size_t at = 0; at < across[j].count * channels; at++)
            weights[j * room + at] = across[j].weights[at / channels] * shares[channels == 3][at % channels];
    }
    for (size_t i = 0; result == 0 && i < 64; i++) {
        const uint8_t *rows = picture->pixels + down[i].start * stride;
        for (size_t from = 0; from < stride; from += BLOCK) {
            size_t width = stride - from < BLOCK ? stride - from : BLOCK;
            weigh_rows(rows + from, stride, width, &down[i], sums + from);
        }
        weigh_line(sums, starts, weights, room, (float)scale, luma + 64 * i);
    }
    free(sums);
    free(across_weights);
    free(down_weights);
    return result;
}

#define TOGETHER 4 /* rows of the second half at once: their sums do not wait for one another */

/* The 16 x 16 low frequencies; every sum runs over k in the reference's order. */
TARGET static void dct_16x16(const float *luma, float *coefficients) {
    for (int i = 0; i < 16; i += TOGETHER) {
        float lines[TOGETHER][64] = {{0}}, sums[TOGETHER][16] = {{0}};
        for (int r = 0; r < TOGETHER; r++)
            for (int k = 0; k < 64; k++) {
                float d = bw_dct_rows[i + r][k];
                for (int j = 0; j < 64; j++) lines[r][j] += d * luma[k * 64 + j];
            }
        for (int k = 0; k < 64; k++)
            for (int r = 0; r < TOGETHER; r++)
                for (int j = 0; j < 16; j++) sums[r][j] += lines[r][k] * bw_dct_columns[k][j];
        memcpy(coefficients + 16 * i, sums, sizeof sums);
    }
}

/* The quality's gradient steps, each truncated as the reference truncates. */
TARGET static int luma_steps(const float *luma) {
    int sum = 0;
    for (int i = 0; i < 64 * 63; i++) sum += abs((int)(((luma[i] - luma[i + 64]) * 100) / 255));
    for (int i = 0; i < 64; i++)
        for (int j = 0; j < 63; j++)
            sum += abs((int)(((luma[64 * i + j] - luma[64 * i + j + 1]) * 100) / 255));
    return sum;
}

/* A float's bits as a whole number that orders as the floats do, and back. */
TARGET static inline int32_t ordered(int32_t bits) { return bits ^ ((bits >> 31) & INT32_MAX); }

TARGET static inline float as_float(int32_t key) {
    int32_t bits = ordered(key);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The lower of the two in the middle of 256: its bits, the highest first, by counting what is less. */
TARGET static int32_t median_256(const int32_t *keys) {
    uint32_t found = 0;
    for (int bit = 31; bit >= 0; bit--) {
        uint32_t tried = found | (uint32_t)1 << bit;
        int32_t limit = (int32_t)(tried ^ (uint32_t)1 << 31), less = 0;
        for (int k = 0; k < 256; k++) less += keys[k] < limit;
        if (less < 128) found = tried;
    }
    return (int32_t)(found ^ (uint32_t)1 << 31);
}

/* Writes the hash, most significant bit first; returns how far the median's two sides lie apart. */
TARGET static float write_bits(const float *coefficients, uint8_t hash[32]) {
    float values[256];
    int32_t keys[256], above = INT32_MAX;
    for (int k = 0; k < 256; k++) values[k] = coefficients[k] + 0.0f; /* there is one zero */
    memcpy(keys, values, sizeof keys);
    for (int k = 0; k < 256; k++) keys[k] = ordered(keys[k]);
    int32_t median = median_256(keys);
    for (int k = 0; k < 256; k++) {
        int32_t greater = keys[k] > median ? keys[k] : INT32_MAX;
        above = greater < above ? greater : above;
    }
    for (int at = 0; at < 32; at++) {
        unsigned byte = 0;
        for (int k = 0; k < 8; k++) byte |= (unsigned)(keys[8 * at + k] > median) << k;
        hash[31 - at] = (uint8_t)byte;
    }
    return above == INT32_MAX ? INFINITY : as_float(above) - as_float(median);
}

/* Sums of `count` rows of bytes, column by column. */
TARGET static void sum_rows(const uint8_t *rows, size_t stride, size_t count, size_t width,
                            uint32_t *restrict sums) {
    for (size_t x = 0; x < width; x++) sums[x] = rows[x];
    for (size_t y = 1; y < count; y++) {
        const uint8_t *row = rows + y * stride;
        for (size_t x = 0; x < width; x++) sums[x] += row[x];
    }
}
