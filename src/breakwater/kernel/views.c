/* Views of a frame: area means of a luma plane, and bilinear samples of it as PDQ.
 *
 * The same float32 operations in the same order as twin_views.py, without contraction: both give
 * the same bits (tests/unit/test_kernel_views.py).
 */
#include <stdlib.h>

#include "kernel.h"

static size_t cell(size_t at, size_t length, size_t parts) { return at * length / parts; }

/* Where cell `at` of `parts` begins and ends; a cell never lies between two pixels. */
static void cell_span(size_t at, size_t length, size_t parts, size_t *from, size_t *to) {
    *from = cell(at, length, parts);
    *to = cell(at + 1, length, parts);
    if (length < parts || *to == *from) *to = *from + 1;
}

int bw_shrink(const bw_picture *picture, const bw_box *box, size_t rows, size_t columns, uint8_t *out) {
    size_t height = box->bottom - box->top, width = box->right - box->left;
    uint32_t *sums = malloc(width * sizeof *sums);
    if (sums == NULL) return -1;
    for (size_t i = 0; i < rows; i++) {
        size_t top, bottom;
        cell_span(i, height, rows, &top, &bottom);
        memset(sums, 0, width * sizeof *sums);
        for (size_t y = top; y < bottom; y++) {
            const uint8_t *row = picture->pixels + (box->top + y) * picture->cols + box->left;
            for (size_t x = 0; x < width; x++) sums[x] += row[x];
        }
        for (size_t j = 0; j < columns; j++) {
            size_t left, right;
            uint64_t sum = 0;
            cell_span(j, width, columns, &left, &right);
            for (size_t x = left; x < right; x++) sum += sums[x];
            uint64_t count = (uint64_t)(bottom - top) * (right - left);
            out[i * columns + j] = (uint8_t)((sum + count / 2) / count);
        }
    }
    free(sums);
    return 0;
}

/* Sums of 3 x 3 pixels, those outside as the nearest inside, a ninth each. */
static void blur(const bw_picture *small, float *out) {
    const float ninth = 1.0f / 9.0f;
    size_t rows = small->rows, cols = small->cols;
    for (size_t y = 0; y < rows; y++) {
        const uint8_t *above = small->pixels + (y ? y - 1 : 0) * cols;
        const uint8_t *here = small->pixels + y * cols;
        const uint8_t *below = small->pixels + (y + 1 < rows ? y + 1 : y) * cols;
        for (size_t x = 0; x < cols; x++) {
            size_t before = x ? x - 1 : 0, after = x + 1 < cols ? x + 1 : x;
            int sum = above[before] + above[x] + above[after] + here[before] + here[x] + here[after] +
                      below[before] + below[x] + below[after];
            out[y * cols + x] = (float)sum * ninth;
        }
    }
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

int bw_view_hashes(const bw_picture *small, const float *maps, size_t count, uint8_t *hashes,
                   uint8_t *qualities) {
    float luma[4096];
    float *blurred = malloc(small->rows * small->cols * sizeof *blurred);
    if (blurred == NULL) return -1;
    blur(small, blurred);
    for (size_t at = 0; at < count; at++) {
        bw_pdq out;
        sample(blurred, small->rows, small->cols, maps + 6 * at, luma);
        bw_pdq_from_luma(luma, false, &out);
        memcpy(hashes + 32 * at, out.hash[0], 32);
        qualities[at] = (uint8_t)out.quality;
    }
    free(blurred);
    return 0;
}
