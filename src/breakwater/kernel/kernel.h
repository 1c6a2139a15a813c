/* Shared by the C files of breakwater.kernel._kernel.
 *
 * Pure C on plain buffers: nothing here knows Python. ring_object.c and pdq_object.c check every
 * size and range before they call in; the functions below rely on it.
 */
#ifndef BREAKWATER_KERNEL_H
#define BREAKWATER_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BW_BUCKETS 65536u
#define BW_OFFSETS (BW_BUCKETS + 1u)
#define BW_MAX_BANDS 16
#define BW_MASKS 697 /* 1 + 16 + 120 + 560: the 16-bit words with at most three bits set */
#define BW_VERIFY_BYTES 32

/* ---- ring index ------------------------------------------------------------------------ */

/* A view over the arrays of one index; band b owns off[b * BW_OFFSETS ...], key[b * rows ...]. */
typedef struct {
    uint32_t bands;        /* 16 (256 bits) or 4 (64 bits) */
    size_t rows;
    const uint8_t *codes;  /* rows x bands * 2 bytes */
    const uint32_t *off;   /* bands x 65537: where each bucket starts */
    const uint16_t *key;   /* bands x rows: the next band's word, in bucket order */
    const uint32_t *ids;   /* bands x rows: row numbers, in bucket order */
    const uint8_t *verify; /* rows x 32 bytes, or NULL */
} bw_ring;

/* Thresholds of one radius: a match has a band with d <= own and d + d(next) <= pair. */
typedef struct {
    int own[BW_MAX_BANDS];  /* -1: the band is not probed */
    int pair[BW_MAX_BANDS];
} bw_plan;

typedef struct {
    uint32_t query;
    uint32_t row;
    uint32_t distance;
} bw_hit;

typedef struct {
    bw_hit *items;
    size_t count;
    size_t room;
    bool failed; /* out of memory: the answer is not complete and must not be returned */
} bw_hits;

typedef struct {
    const bw_ring *ring;
    const uint8_t *queries;        /* rows of bands * 2 bytes */
    const uint8_t *verify_queries; /* rows of 32 bytes, or NULL */
    const uint8_t *tombstones;     /* one bit a row, least significant first, or NULL */
    size_t query_count;
    int radius;
    int verify_limit; /* < 0: no second check */
    bool later_only;  /* self-join: queries are the ring's rows; report row > query only */
    size_t most;      /* stop once that many hits are known; 0: all */
    bw_plan plan;
    bw_hits *hits;
} bw_search;

typedef struct {
    const uint8_t *codes;
    const uint8_t *queries;
    size_t rows;
    size_t query_count;
    uint32_t words; /* 64-bit words a row: 4 or 1 */
    int radius;
    bw_hits *hits;
} bw_scan;

extern uint16_t bw_masks[BW_MASKS];
void bw_masks_init(void);
/* Masks with at most `flips` bits set come first in bw_masks. */
static inline int bw_mask_count(int flips) {
    return flips < 0 ? 0 : flips == 0 ? 1 : flips == 1 ? 17 : flips == 2 ? 137 : BW_MASKS;
}
static inline int bw_mask_flips(int mask) { return mask == 0 ? 0 : mask < 17 ? 1 : mask < 137 ? 2 : 3; }
/* Short keys, which are verified on 256 bits besides, are searched in a wider radius. */
static inline int bw_most_radius(int bands) { return (bands == 4 ? 4 : 3) * bands - 1; }

void bw_plan_fill(bw_plan *plan, uint32_t bands, int radius);
int bw_ring_build(const uint8_t *codes, size_t rows, uint32_t bands, uint32_t *off, uint16_t *key,
                  uint32_t *ids);
bool bw_hits_grow(bw_hits *hits);
void bw_hits_sort(bw_hits *hits, size_t from);

static inline bool bw_hits_push(bw_hits *hits, uint32_t query, uint32_t row, uint32_t distance) {
    if (hits->count == hits->room && !bw_hits_grow(hits)) return false;
    hits->items[hits->count++] = (bw_hit){query, row, distance};
    return true;
}

static inline uint16_t bw_word16(const uint8_t *code, uint32_t band) {
    uint16_t word;
    memcpy(&word, code + 2 * (size_t)band, sizeof word);
    return word;
}

static inline uint64_t bw_word64(const uint8_t *code, uint32_t index) {
    uint64_t word;
    memcpy(&word, code + 8 * (size_t)index, sizeof word);
    return word;
}

/* ---- PDQ ------------------------------------------------------------------------------- */

typedef struct {
    const uint8_t *pixels; /* rows x cols x channels, contiguous */
    size_t rows;
    size_t cols;
    int channels; /* 3 (RGB) or 1 (luma) */
} bw_picture;

typedef struct {
    uint8_t hash[8][32];
    int quality;
    bool exact_path; /* the faithful filter was needed */
} bw_pdq;

#define BW_PDQ_MIN_SIDE 5 /* below it PDQ gives an all-zero hash of quality 0 */

/* ---- variants -------------------------------------------------------------------------- */

struct bw_jpeg;

/* One instruction set's compiled loops. Each returns 0, or -1 when memory ran out. */
typedef struct {
    const char *name;
    int (*search)(bw_search *search);
    int (*search_batch)(bw_search *search);
    int (*scan)(bw_scan *scan);
    int (*luma_exact)(const bw_picture *picture, float *luma);
    int (*luma_fast)(const bw_picture *picture, float *luma);
    void (*dct)(const float *luma, float *coefficients);
    int (*steps)(const float *luma);
    float (*bits)(const float *coefficients, uint8_t hash[32]);
    void (*sum_rows)(const uint8_t *rows, size_t stride, size_t count, size_t width, uint32_t *sums);
    int (*jpeg_scan)(struct bw_jpeg *jpeg); /* 1: whole; 0: damaged or odd */
} bw_variant;

extern const bw_variant bw_portable;
#if defined(__x86_64__)
extern const bw_variant bw_avx2;
extern const bw_variant bw_avx512;
#elif defined(__aarch64__)
extern const bw_variant bw_neon;
#endif

const bw_variant *bw_active(void);

void bw_pdq_init(void);
int bw_pdq_hash(const bw_picture *picture, bool dihedral, bw_pdq *out);
int bw_pdq_luma(const bw_picture *picture, float *luma);
void bw_pdq_from_luma(const float *luma, bool dihedral, bw_pdq *out);
void bw_pdq_turned_over(const float *coefficients, uint8_t hash[32]); /* left for right */
int bw_pdq_quality(const float *luma);

/* A part of a picture; bottom and right lie outside. */
typedef struct {
    size_t top, bottom, left, right;
} bw_box;

int bw_shrink(const bw_picture *picture, const bw_box *box, size_t rows, size_t columns, uint8_t *out);
int bw_view_hashes(const bw_picture *small, const float *maps, size_t count, uint8_t *hashes,
                   uint8_t *qualities);

/* Used by the compiled variants of the PDQ filters. */
typedef struct {
    size_t start;
    size_t count;
    const float *weights;
} bw_taps;
size_t bw_box_window(size_t length);
size_t bw_decimated(size_t out, size_t length);
float *bw_taps_fill(size_t length, bw_taps taps[64]); /* returns the weights to free, or NULL */
extern float bw_dct_rows[16][64];
extern float bw_dct_columns[64][16];

#endif
