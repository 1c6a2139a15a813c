/* The ring index: its plan for a radius, its build, and the list of hits.
 *
 * Qin and Xiao, "Pigeonring" (VLDB 2018): for integer thresholds t with sum(t + 1) = radius + 1,
 * every code within the radius has a band i with d(i) <= t(i) and d(i) + d(i + 1) <= t(i) +
 * t(i + 1) + 1 (cyclic). So an index entry carries the next band's 16 bits, and nearly every
 * false candidate dies in a sequential scan of those, before its code is touched.
 */
#include <stdlib.h>

#include "kernel.h"

uint16_t bw_masks[BW_MASKS];

void bw_masks_init(void) {
    int next = 0;
    bw_masks[next++] = 0;
    for (int a = 0; a < 16; a++) bw_masks[next++] = (uint16_t)(1u << a);
    for (int a = 0; a < 16; a++)
        for (int b = a + 1; b < 16; b++) bw_masks[next++] = (uint16_t)((1u << a) | (1u << b));
    for (int a = 0; a < 16; a++)
        for (int b = a + 1; b < 16; b++)
            for (int c = b + 1; c < 16; c++)
                bw_masks[next++] = (uint16_t)((1u << a) | (1u << b) | (1u << c));
}

/* Spreads radius + 1 over the bands as evenly as integers allow. */
void bw_plan_fill(bw_plan *plan, uint32_t bands, int radius) {
    int total = radius + 1;
    int count = (int)bands;
    for (int band = 0; band < count; band++)
        plan->own[band] = (band + 1) * total / count - band * total / count - 1;
    for (int band = 0; band < count; band++)
        plan->pair[band] = plan->own[band] + plan->own[(band + 1) % count] + 1;
}

/* Counts every band in one pass over the codes, then turns counts into bucket starts. */
static void count_buckets(const uint8_t *codes, size_t rows, uint32_t bands, uint32_t *off) {
    size_t stride = 2 * (size_t)bands;
    memset(off, 0, (size_t)bands * BW_OFFSETS * sizeof *off);
    for (size_t row = 0; row < rows; row++)
        for (uint32_t band = 0; band < bands; band++)
            off[band * (size_t)BW_OFFSETS + bw_word16(codes + row * stride, band) + 1]++;
    for (uint32_t band = 0; band < bands; band++) {
        uint32_t *starts = off + band * (size_t)BW_OFFSETS;
        for (uint32_t bucket = 0; bucket < BW_BUCKETS; bucket++) starts[bucket + 1] += starts[bucket];
    }
}

#define BUILD_AHEAD 24 /* rows between prefetching a place and writing to it */

static void fill_band(const uint8_t *codes, size_t rows, uint32_t bands, uint32_t band,
                      uint32_t *cursor, uint16_t *key, uint32_t *ids) {
    size_t stride = 2 * (size_t)bands;
    uint32_t next = (band + 1) % bands;
    for (size_t row = 0; row < rows; row++) {
        const uint8_t *code = codes + row * stride;
        if (row + BUILD_AHEAD < rows) {
            uint32_t place = cursor[bw_word16(code + BUILD_AHEAD * stride, band)];
            __builtin_prefetch(key + place, 1);
            __builtin_prefetch(ids + place, 1);
        }
        uint32_t place = cursor[bw_word16(code, band)]++;
        key[place] = bw_word16(code, next);
        ids[place] = (uint32_t)row;
    }
}

/* A stable counting sort per band: within a bucket rows stand in ascending order. */
int bw_ring_build(const uint8_t *codes, size_t rows, uint32_t bands, uint32_t *off, uint16_t *key,
                  uint32_t *ids) {
    uint32_t *cursor = malloc(BW_BUCKETS * sizeof *cursor);
    if (cursor == NULL) return -1;
    count_buckets(codes, rows, bands, off);
    for (uint32_t band = 0; band < bands; band++) {
        memcpy(cursor, off + band * (size_t)BW_OFFSETS, BW_BUCKETS * sizeof *cursor);
        fill_band(codes, rows, bands, band, cursor, key + band * rows, ids + band * rows);
    }
    free(cursor);
    return 0;
}

bool bw_hits_grow(bw_hits *hits) {
    size_t room = hits->room ? hits->room * 2 : 64;
    bw_hit *items = room > SIZE_MAX / sizeof *items ? NULL : realloc(hits->items, room * sizeof *items);
    if (items == NULL) {
        hits->failed = true;
        return false;
    }
    hits->items = items;
    hits->room = room;
    return true;
}

static int compare_hits(const void *left, const void *right) {
    const bw_hit *a = left, *b = right;
    if (a->query != b->query) return a->query < b->query ? -1 : 1;
    if (a->distance != b->distance) return a->distance < b->distance ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

/* Orders hits from `from` on by query, distance, row: the order every search promises. */
void bw_hits_sort(bw_hits *hits, size_t from) {
    bw_hit *items = hits->items + from;
    size_t count = hits->count - from;
    if (count > 32) {
        qsort(items, count, sizeof *items, compare_hits);
        return;
    }
    for (size_t at = 1; at < count; at++) {
        bw_hit moving = items[at];
        size_t place = at;
        for (; place > 0 && compare_hits(&items[place - 1], &moving) > 0; place--)
            items[place] = items[place - 1];
        items[place] = moving;
    }
}
