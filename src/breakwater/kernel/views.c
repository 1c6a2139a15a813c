/* Views of a frame: area means of a luma plane, and bilinear samples of it as PDQ.
 *
 * The same float32 operations in the same order as twin_views.py, without contraction: both give
 * the same bits (tests/unit/test_kernel_views.py).
 */
#include <math.h>
#include <stdlib.h>

#include "kernel.h"

static size_t cell(size_t at, size_t length, size_t parts) { return at * length / parts; }

/* Where cell `at` of `parts` begins and ends; a cell never lies between two pixels. */
static void cell_span(size_t at, size_t length, size_t parts, size_t *from, size_t *to) {
    *from = cell(at, length, parts);
    *to = cell(at + 1, length, parts);
    if (length < parts || *to == *from) *to = *from + 1;
}

#define MOST_BY_INVERSE 4096 /* pixels of a cell whose mean a product gives exactly */

/* sum / count, rounded half up. With inverse = 2^32 / count + 1, all below 256 count is exact. */
static uint8_t mean(uint64_t sum, uint64_t count, uint64_t inverse) {
    uint64_t more = sum + count / 2;
    return (uint8_t)(count < MOST_BY_INVERSE ? more * inverse >> 32 : more / count);
}

int bw_shrink(const bw_picture *picture, const bw_box *box, size_t rows, size_t columns, uint8_t *out) {
    size_t height = box->bottom - box->top, width = box->right - box->left;
    size_t least = width < columns ? 1 : width / columns; /* a cell is so wide, or one wider */
    uint32_t *sums = malloc(width * sizeof *sums);
    uint64_t *totals = malloc((width + 1) * sizeof *totals); /* of all columns before one */
    size_t *spans = malloc(2 * columns * sizeof *spans);
    int result = sums != NULL && totals != NULL && spans != NULL ? 0 : -1;
    for (size_t j = 0; result == 0 && j < columns; j++)
        cell_span(j, width, columns, spans + 2 * j, spans + 2 * j + 1);
    for (size_t i = 0; result == 0 && i < rows; i++) {
        size_t top, bottom;
        cell_span(i, height, rows, &top, &bottom);
        const uint8_t *first = picture->pixels + (box->top + top) * picture->cols + box->left;
        bw_active()->sum_rows(first, picture->cols, bottom - top, width, sums);
        uint64_t counts[2] = {(bottom - top) * least, (bottom - top) * (least + 1)};
        uint64_t inverses[2] = {((uint64_t)1 << 32) / counts[0] + 1, ((uint64_t)1 << 32) / counts[1] + 1};
        totals[0] = 0;
        for (size_t x = 0; x < width; x++) totals[x + 1] = totals[x] + sums[x];
        for (size_t j = 0; j < columns; j++) {
            size_t from = spans[2 * j], to = spans[2 * j + 1], wider = to - from - least;
            out[i * columns + j] = mean(totals[to] - totals[from], counts[wider], inverses[wider]);
        }
    }
    free(spans);
    free(totals);
    free(sums);
    return result;
}

/* Sums of 3 x 3 pixels, those outside as the nearest inside, a ninth each. */
static int blur(const bw_picture *small, float *out) {
    const float ninth = 1.0f / 9.0f;
    size_t rows = small->rows, cols = small->cols;
    uint16_t *sums = malloc((cols + 2) * sizeof *sums);
    if (sums == NULL) return -1;
    for (size_t y = 0; y < rows; y++) {
        const uint8_t *above = small->pixels + (y ? y - 1 : 0) * cols;
        const uint8_t *here = small->pixels + y * cols;
        const uint8_t *below = small->pixels + (y + 1 < rows ? y + 1 : y) * cols;
        for (size_t x = 0; x < cols; x++) sums[x + 1] = (uint16_t)(above[x] + here[x] + below[x]);
        sums[0] = sums[1];
        sums[cols + 1] = sums[cols];
        for (size_t x = 0; x < cols; x++)
            out[y * cols + x] = (float)(sums[x] + sums[x + 1] + sums[x + 2]) * ninth;
    }
    free(sums);
    return 0;
}

static float clamped(float value, float most) {
    if (value < 0) return 0;
    return value > most ? most : value;
}

/* Where one sample lies along one axis: two neighbours, and how far from the first. */
typedef struct {
    size_t first, second;
    float share;
} place;

static place placed(float at, size_t length) {
    float value = clamped(at, (float)(length - 1));
    size_t first = (size_t)value;
    return (place){first, first + 1 < length ? first + 1 : length - 1, value - (float)first};
}

static float blended(const float *above, const float *below, place x, float share) {
    float upper = above[x.first] + (above[x.second] - above[x.first]) * x.share;
    float lower = below[x.first] + (below[x.second] - below[x.first]) * x.share;
    return upper + (lower - upper) * share;
}

/* Maps without a turn, nearly all of them: each axis is placed once. */
static void sample_upright(const float *picture, size_t rows, size_t cols, const float *map, float *luma) {
    place across[64];
    for (int j = 0; j < 64; j++)
        across[j] = placed(map[0] * (((float)j + 0.5f) / 64.0f) + map[2] - 0.5f, cols);
    for (int i = 0; i < 64; i++) {
        place y = placed(map[4] * (((float)i + 0.5f) / 64.0f) + map[5] - 0.5f, rows);
        const float *above = picture + y.first * cols, *below = picture + y.second * cols;
        for (int j = 0; j < 64; j++) luma[64 * i + j] = blended(above, below, across[j], y.share);
    }
}

static void sample(const float *picture, size_t rows, size_t cols, const float *map, float *luma) {
    if (map[1] == 0 && map[3] == 0) {
        sample_upright(picture, rows, cols, map, luma);
        return;
    }
    for (int i = 0; i < 64; i++) {
        float v = ((float)i + 0.5f) / 64.0f;
        for (int j = 0; j < 64; j++) {
            float u = ((float)j + 0.5f) / 64.0f;
            place x = placed(map[0] * u + map[1] * v + map[2] - 0.5f, cols);
            place y = placed(map[3] * u + map[4] * v + map[5] - 0.5f, rows);
            const float *above = picture + y.first * cols, *below = picture + y.second * cols;
            luma[64 * i + j] = blended(above, below, x, y.share);
        }
    }
}

#define SAME 0.001f /* pixels: so far apart are the points of maps that count as one */

static bool same(float one, float other) { return fabsf(one - other) <= SAME; }

/* Whether `other` shows what `map` shows, turned over left for right: u is 1 - u there. */
static bool turns_over(const float *map, const float *other) {
    return same(other[0], -map[0]) && same(other[3], -map[3]) && same(other[1], map[1]) &&
           same(other[4], map[4]) && same(other[2], map[2] + map[0]) && same(other[5], map[5] + map[3]);
}

/* A view turned over is a change of signs: it is not sampled again. */
int bw_view_hashes(const bw_picture *small, const float *maps, size_t count, uint8_t *hashes,
                   uint8_t *qualities) {
    float luma[4096], coefficients[256];
    float *blurred = malloc(small->rows * small->cols * sizeof *blurred);
    bool *done = calloc(count + 1, sizeof *done);
    int result = blurred == NULL || done == NULL ? -1 : blur(small, blurred);
    for (size_t at = 0; result == 0 && at < count; at++) {
        if (done[at]) continue;
        sample(blurred, small->rows, small->cols, maps + 6 * at, luma);
        bw_active()->dct(luma, coefficients);
        bw_active()->bits(coefficients, hashes + 32 * at);
        qualities[at] = (uint8_t)bw_pdq_quality(luma);
        for (size_t other = at + 1; other < count; other++) {
            if (done[other] || !turns_over(maps + 6 * at, maps + 6 * other)) continue;
            bw_pdq_turned_over(coefficients, hashes + 32 * other);
            qualities[other] = qualities[at];
            done[other] = true;
        }
    }
    free(done);
    free(blurred);
    return result;
}
