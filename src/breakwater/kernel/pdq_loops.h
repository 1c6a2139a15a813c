/* PDQ's blur and decimation to 64 x 64 and its DCT, compiled once per instruction set.
 *
 * luma_exact repeats the reference's float operations in their order (ThreatExchange
 * pdq/cpp/downscaling: two passes of a running-sum box along rows, then columns), in strips, so
 * that the picture is read once and every sum rounds as the reference's does. luma_fast computes
 * the same linear operator as sparse taps and rounds differently: pdq.c decides when that is safe.
 * Fused multiply-add appears only where MULTIPLY_ADD is written; the build forbids contraction.
 */
#include <stdlib.h>

#include "kernel.h"

#define STRIP 16 /* rows whose running sums advance side by side */

/* Luma as the reference rounds it: the exact sum in thousandths fits a float, one division rounds. */
TARGET static void luma_row(const bw_picture *picture, size_t row, float *out) {
    const uint8_t *p = picture->pixels + row * picture->cols * (size_t)picture->channels;
    if (picture->channels == 1) {
        for (size_t col = 0; col < picture->cols; col++) out[col] = (float)p[col];
        return;
    }
    for (size_t col = 0; col < picture->cols; col++) {
        int thousandths = 299 * p[3 * col] + 587 * p[3 * col + 1] + 114 * p[3 * col + 2];
        out[col] = (float)thousandths / 1000.0f;
    }
}

typedef struct {
    size_t rows, cols;
    size_t row_window, row_half; /* along a row: window and its right half, from the width */
    size_t col_window, col_half;
    float *strip;  /* STRIP x cols */
    float *turned; /* cols x STRIP */
    float *boxed;  /* cols x STRIP */
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

/* Box filter of `length` steps over vectors of STRIP floats: add the new, then take the old. */
TARGET static void box_strip(const float *in, float *out, size_t length, size_t window, size_t half) {
    float sum[STRIP] = {0};
    size_t done = 0;
    for (size_t t = 0; t < length; t++) {
        const float *add = in + t * STRIP;
        for (size_t r = 0; r < STRIP; r++) sum[r] += add[r];
        if (t >= window) {
            const float *old = in + (t - window) * STRIP;
            for (size_t r = 0; r < STRIP; r++) sum[r] -= old[r];
        }
        if (t + 1 < half) continue;
        float count = (float)(t + 1 < window ? t + 1 : window);
        float *to = out + done++ * STRIP;
        for (size_t r = 0; r < STRIP; r++) to[r] = sum[r] / count;
    }
    for (size_t left = window; done < length; done++) {
        const float *old = in + (length - left) * STRIP;
        left--;
        for (size_t r = 0; r < STRIP; r++) sum[r] -= old[r];
        for (size_t r = 0; r < STRIP; r++) out[done * STRIP + r] = sum[r] / (float)left;
    }
}

/* The second pass along rows for a strip of vertically boxed rows; keeps only 64 columns. */
TARGET static void narrow_strip(exact_state *s, size_t first, size_t count) {
    turn_in(s->strip, s->cols, s->turned);
    box_strip(s->turned, s->boxed, s->cols, s->row_window, s->row_half);
    for (size_t r = 0; r < count; r++)
        for (size_t j = 0; j < 64; j++)
            s->narrow[(first + r) * 64 + j] = s->boxed[s->picks[j] * STRIP + r];
}

typedef struct {
    size_t done;   /* rows the vertical pass has given out */
    size_t held;   /* of these, rows waiting in the strip */
} vertical;

TARGET static void emit_row(exact_state *s, vertical *v, float count) {
    float *to = s->strip + v->held * s->cols;
    for (size_t col = 0; col < s->cols; col++) to[col] = s->sums[col] / count;
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
    float *memory = calloc(4 * strip + (s.col_window + 2) * s.cols + (s.rows + STRIP) * 64, sizeof *memory);
    if (memory == NULL) return -1;
    float *lumas = memory;
    s.strip = lumas + strip;
    s.turned = s.strip + strip;
    s.boxed = s.turned + strip;
    s.ring = s.boxed + strip;
    s.sums = s.ring + (s.col_window + 1) * s.cols;
    s.narrow = s.sums + s.cols;
    s.picks = picks;
    for (size_t j = 0; j < 64; j++) picks[j] = bw_decimated(j, s.cols);
    for (size_t row = 0; row < s.rows; row += STRIP) {
        size_t count = s.rows - row < STRIP ? s.rows - row : STRIP;
        for (size_t r = 0; r < count; r++) luma_row(picture, row + r, lumas + r * s.cols);
        turn_in(lumas, s.cols, s.turned);
        box_strip(s.turned, s.boxed, s.cols, s.row_window, s.row_half);
        turn_out(s.boxed, s.cols, lumas);
        for (size_t r = 0; r < count; r++) vertical_add(&s, &v, row + r, lumas + r * s.cols);
    }
    vertical_end(&s, &v);
    decimate_narrow(&s, luma);
    free(memory);
    return 0;
}

/* Adds weighted rows of bytes, four at a time, to `sums`. */
TARGET static void weigh_rows(const uint8_t *rows, size_t stride, size_t width, const bw_taps *taps,
                              float *sums) {
    memset(sums, 0, width * sizeof *sums);
    size_t tap = 0;
    for (; tap + 4 <= taps->count; tap += 4) {
        const uint8_t *restrict p = rows + tap * stride, *restrict q = p + stride;
        const uint8_t *restrict r = q + stride, *restrict s = r + stride;
        float a = taps->weights[tap], b = taps->weights[tap + 1];
        float c = taps->weights[tap + 2], d = taps->weights[tap + 3];
        for (size_t x = 0; x < width; x++) {
            float sum = MULTIPLY_ADD(a, (float)p[x], sums[x]);
            sum = MULTIPLY_ADD(b, (float)q[x], sum);
            sum = MULTIPLY_ADD(c, (float)r[x], sum);
            sums[x] = MULTIPLY_ADD(d, (float)s[x], sum);
        }
    }
    for (; tap < taps->count; tap++) {
        const uint8_t *p = rows + tap * stride;
        float a = taps->weights[tap];
        for (size_t x = 0; x < width; x++) sums[x] = MULTIPLY_ADD(a, (float)p[x], sums[x]);
    }
}

TARGET static float weigh_columns(const float *luma, const bw_taps *taps) {
    float parts[8] = {0};
    size_t tap = 0;
    for (; tap + 8 <= taps->count; tap += 8)
        for (size_t lane = 0; lane < 8; lane++)
            parts[lane] = MULTIPLY_ADD(taps->weights[tap + lane], luma[tap + lane], parts[lane]);
    for (; tap < taps->count; tap++)
        parts[tap & 7] = MULTIPLY_ADD(taps->weights[tap], luma[tap], parts[tap & 7]);
    return ((parts[0] + parts[1]) + (parts[2] + parts[3])) + ((parts[4] + parts[5]) + (parts[6] + parts[7]));
}

#define COLUMN_BLOCK 2048 /* sums of one block of columns stay in the first cache */

TARGET static int luma_fast(const bw_picture *picture, float *luma) {
    size_t rows = picture->rows, cols = picture->cols, stride = cols * (size_t)picture->channels;
    bw_taps down[64], across[64];
    float *down_weights = bw_taps_fill(rows, down), *across_weights = bw_taps_fill(cols, across);
    float *sums = malloc((stride + cols) * sizeof *sums);
    int result = down_weights && across_weights && sums ? 0 : -1;
    float row_scale = (float)(bw_box_window(rows) * bw_box_window(rows));
    float scale = 1.0f / (row_scale * (float)(bw_box_window(cols) * bw_box_window(cols)));
    for (size_t i = 0; result == 0 && i < 64; i++) {
        float *line = sums;
        for (size_t from = 0; from < stride; from += COLUMN_BLOCK) {
            size_t width = stride - from < COLUMN_BLOCK ? stride - from : COLUMN_BLOCK;
            weigh_rows(picture->pixels + down[i].start * stride + from, stride, width, &down[i], sums + from);
        }
        if (picture->channels == 3) {
            line = sums + stride;
            for (size_t col = 0; col < cols; col++)
                line[col] = 0.299f * sums[3 * col] + 0.587f * sums[3 * col + 1] + 0.114f * sums[3 * col + 2];
        }
        for (size_t j = 0; j < 64; j++)
            luma[i * 64 + j] = weigh_columns(line + across[j].start, &across[j]) * scale;
    }
    free(sums);
    free(across_weights);
    free(down_weights);
    return result;
}

/* The 16 x 16 low frequencies; every sum runs over k in the reference's order. */
TARGET static void dct_16x16(const float *luma, float *coefficients) {
    for (int i = 0; i < 16; i++) {
        float line[64] = {0};
        for (int k = 0; k < 64; k++) {
            float d = bw_dct_rows[i][k];
            for (int j = 0; j < 64; j++) line[j] += d * luma[k * 64 + j];
        }
        float sum[16] = {0};
        for (int k = 0; k < 64; k++)
            for (int j = 0; j < 16; j++) sum[j] += line[k] * bw_dct_columns[k][j];
        memcpy(coefficients + 16 * i, sum, sizeof sum);
    }
}
