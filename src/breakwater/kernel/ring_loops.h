/* The search loops, compiled once per instruction set: the file that includes this one defines
 *   TARGET               the function attribute (empty for portable)
 *   popcount64(word)     bits set in a 64-bit word
 *   near_mask(keys, next, limit)  bit i set when the i-th of 32 readable keys is within limit of next
 */
#include <stdlib.h>

#include "kernel.h"

#define PENDING_ROOM 1024 /* survivors held back so that their codes arrive together */
#define BATCH_QUERIES 16384

typedef struct {
    const uint32_t *id;
    uint32_t query;
    uint32_t band;
} pending_hit;

typedef struct {
    bw_search *search;
    size_t count;
    uint32_t rows[PENDING_ROOM];
    pending_hit items[PENDING_ROOM];
} pending_list;

TARGET static inline int verify_distance(const uint8_t *a, const uint8_t *b, int limit) {
    int distance = popcount64(bw_word64(a, 0) ^ bw_word64(b, 0)) +
                   popcount64(bw_word64(a, 1) ^ bw_word64(b, 1));
    if (distance > limit) return distance;
    return distance + popcount64(bw_word64(a, 2) ^ bw_word64(b, 2)) +
           popcount64(bw_word64(a, 3) ^ bw_word64(b, 3));
}

/* Whether an earlier band also leads to this row: then that band reports it. */
TARGET static bool reported_before(const bw_search *search, const uint8_t *a, const uint8_t *b,
                                   uint32_t band) {
    const bw_plan *plan = &search->plan;
    int distance = popcount64((uint16_t)(bw_word16(a, 0) ^ bw_word16(b, 0)));
    for (uint32_t earlier = 0; earlier < band; earlier++) {
        uint32_t next = earlier + 1; /* < bands, since earlier < band < bands */
        int following = popcount64((uint16_t)(bw_word16(a, next) ^ bw_word16(b, next)));
        if (distance <= plan->own[earlier] && distance + following <= plan->pair[earlier]) return true;
        distance = following;
    }
    return false;
}

static inline bool is_deleted(const uint8_t *tombstones, size_t row) {
    return tombstones != NULL && (tombstones[row >> 3] >> (row & 7) & 1);
}

TARGET static inline void verify_row(const bw_search *search, uint32_t row, uint32_t query,
                                     uint32_t band) {
    const bw_ring *ring = search->ring;
    size_t stride = 2 * (size_t)ring->bands;
    const uint8_t *code = ring->codes + row * stride;
    const uint8_t *wanted = search->queries + query * stride;
    int distance = ring->bands == 16 ? verify_distance(code, wanted, search->radius)
                                     : popcount64(bw_word64(code, 0) ^ bw_word64(wanted, 0));
    if (distance > search->radius) return;
    if (search->later_only && row <= query) return;
    if (is_deleted(search->tombstones, row)) return;
    if (reported_before(search, code, wanted, band)) return;
    if (search->verify_limit >= 0) {
        distance = verify_distance(ring->verify + row * (size_t)BW_VERIFY_BYTES,
                                   search->verify_queries + query * (size_t)BW_VERIFY_BYTES,
                                   search->verify_limit);
        if (distance > search->verify_limit) return;
    }
    bw_hits_push(search->hits, query, row, (uint32_t)distance);
}

TARGET static void flush_pending(pending_list *pending) {
    const bw_search *search = pending->search;
    const bw_ring *ring = search->ring;
    size_t stride = 2 * (size_t)ring->bands;
    for (size_t i = 0; i < pending->count; i++) {
        uint32_t row = *pending->items[i].id;
        pending->rows[i] = row;
        if (row < ring->rows) __builtin_prefetch(ring->codes + row * stride);
    }
    for (size_t i = 0; i < pending->count; i++)
        if (pending->rows[i] < ring->rows) /* a damaged file must not lead outside the codes */
            verify_row(search, pending->rows[i], pending->items[i].query, pending->items[i].band);
    pending->count = 0;
}

/* Scans one bucket's keys and holds back what is near. `left` keys can be read from `keys` on. */
TARGET static inline void scan_bucket(pending_list *pending, const uint16_t *keys, size_t left,
                                      const uint32_t *ids, uint32_t count, uint16_t next, int limit,
                                      uint32_t query, uint32_t band) {
    for (uint32_t done = 0; done < count; done += 32) {
        uint16_t tail[32];
        const uint16_t *from = keys + done;
        if (__builtin_expect(left - done < 32, 0)) {
            memset(tail, 0, sizeof tail);
            memcpy(tail, from, (left - done) * sizeof *tail);
            from = tail;
        }
        uint32_t near = near_mask(from, next, limit);
        if (count - done < 32) near &= (1u << (count - done)) - 1u;
        if (near == 0) continue;
        if (pending->count + 32 > PENDING_ROOM) flush_pending(pending);
        do {
            const uint32_t *id = ids + done + (uint32_t)__builtin_ctz(near);
            __builtin_prefetch(id);
            pending->items[pending->count++] = (pending_hit){id, query, band};
            near &= near - 1;
        } while (near);
    }
}

typedef struct {
    const uint32_t *off; /* where the bucket's start stands */
    uint32_t start;
    uint32_t size;
    uint16_t next;
    uint8_t limit;
    uint8_t band;
} probe;

#define MAX_PROBES (4 * BW_MASKS) /* three flips in four bands; two in sixteen are fewer */
#define PROBES_AHEAD 14 /* probes whose keys are on their way while another is scanned */
#define STARTS_AHEAD 40 /* probes whose bucket's start is: more at once only wait for one another */

/* Lists the probes of masks [from, to) of every band. */
TARGET static int list_probes(const bw_search *search, const uint8_t *code, int from, int to,
                              probe *probes) {
    const bw_ring *ring = search->ring;
    int count = 0;
    for (uint32_t band = 0; band < ring->bands; band++) {
        int last = bw_mask_count(search->plan.own[band]);
        const uint32_t *off = ring->off + band * (size_t)BW_OFFSETS;
        uint16_t word = bw_word16(code, band);
        uint16_t next = bw_word16(code, (band + 1) % ring->bands);
        for (int mask = from; mask < to && mask < last; mask++) {
            int limit = search->plan.pair[band] - bw_mask_flips(mask);
            if (limit < 0) break; /* further masks flip as many bits or more */
            const uint32_t *start = off + (uint16_t)(word ^ bw_masks[mask]);
            probes[count++] = (probe){start, 0, 0, next, (uint8_t)limit, (uint8_t)band};
        }
    }
    return count;
}

/* Reads where a probe's bucket lies and calls its keys into the cache. */
TARGET static inline void open_probe(const bw_ring *ring, probe *p) {
    p->start = p->off[0];
    p->size = p->off[1] - p->start;
    const uint16_t *keys = ring->key + p->band * ring->rows + p->start;
    for (uint32_t done = 0; done < p->size && done < 256; done += 32) __builtin_prefetch(keys + done);
    __builtin_prefetch(keys + p->size);
}

TARGET static void run_probes(pending_list *pending, probe *probes, int count) {
    const bw_search *search = pending->search;
    const bw_ring *ring = search->ring;
    int ahead = count < PROBES_AHEAD ? count : PROBES_AHEAD;
    int far = count < STARTS_AHEAD ? count : STARTS_AHEAD;
    for (int i = 0; i < far; i++) __builtin_prefetch(probes[i].off);
    for (int i = 0; i < ahead; i++) open_probe(ring, &probes[i]);
    for (int i = 0; i < count; i++) {
        const probe *p = &probes[i];
        size_t at = p->band * ring->rows + p->start;
        if (i + far < count) __builtin_prefetch(probes[i + far].off);
        if (i + ahead < count) open_probe(ring, &probes[i + ahead]);
        scan_bucket(pending, ring->key + at, ring->bands * ring->rows - at, ring->ids + at, p->size,
                    p->next, p->limit, 0, p->band);
        if (search->most && search->hits->count >= search->most) return;
    }
    flush_pending(pending);
}

TARGET static int search_one(bw_search *search) {
    probe probes[MAX_PROBES];
    pending_list pending;
    /* The unflipped buckets first when any hit will do: a copy is found there in most cases. */
    int edges[3] = {0, search->most == 1 ? 1 : BW_MASKS, BW_MASKS};
    pending.search = search;
    pending.count = 0;
    for (int round = 0; round < 2 && edges[round] < edges[round + 1]; round++) {
        int count = list_probes(search, search->queries, edges[round], edges[round + 1], probes);
        run_probes(&pending, probes, count);
        if (search->most && search->hits->count >= search->most) break;
    }
    return search->hits->failed ? -1 : 0;
}

typedef struct {
    uint32_t query;
    uint16_t next;
    uint16_t limit;
} batch_probe;

/* Sorts one band's probes of all queries by bucket; starts[b] becomes bucket b's first probe. */
TARGET static void sort_probes(const bw_search *search, size_t first, size_t count, uint32_t band,
                               uint32_t *starts, batch_probe *probes) {
    const bw_ring *ring = search->ring;
    size_t stride = 2 * (size_t)ring->bands;
    int masks = bw_mask_count(search->plan.own[band]);
    memset(starts, 0, (BW_BUCKETS + 2) * sizeof *starts);
    for (size_t q = first; q < first + count; q++) {
        uint16_t word = bw_word16(search->queries + q * stride, band);
        for (int mask = 0; mask < masks; mask++) starts[(uint16_t)(word ^ bw_masks[mask]) + 2u]++;
    }
    for (uint32_t bucket = 1; bucket < BW_BUCKETS + 2; bucket++) starts[bucket] += starts[bucket - 1];
    for (size_t q = first; q < first + count; q++) {
        const uint8_t *code = search->queries + q * stride;
        uint16_t word = bw_word16(code, band);
        uint16_t next = bw_word16(code, (band + 1) % ring->bands);
        bool deleted = search->later_only && is_deleted(search->tombstones, q);
        for (int mask = 0; mask < masks; mask++) {
            int limit = search->plan.pair[band] - bw_mask_flips(mask);
            probes[starts[(uint16_t)(word ^ bw_masks[mask]) + 1u]++] =
                (batch_probe){(uint32_t)q, next, (uint16_t)(limit < 0 || deleted ? 255 : limit)};
        }
    }
}

/* Visits each bucket once for all its probes, so that keys are read in order. */
TARGET static void scan_band(pending_list *pending, uint32_t band, const uint32_t *starts,
                             const batch_probe *probes) {
    const bw_ring *ring = pending->search->ring;
    const uint32_t *off = ring->off + band * (size_t)BW_OFFSETS;
    size_t base = band * ring->rows, end = ring->bands * ring->rows;
    for (uint32_t bucket = 0; bucket < BW_BUCKETS; bucket++) {
        uint32_t start = off[bucket], size = off[bucket + 1] - start;
        if (size == 0) continue;
        size_t at = base + start;
        for (uint32_t i = starts[bucket]; i < starts[bucket + 1]; i++)
            if (probes[i].limit != 255)
                scan_bucket(pending, ring->key + at, end - at, ring->ids + at, size, probes[i].next,
                            probes[i].limit, probes[i].query, band);
    }
}

TARGET static int search_many(bw_search *search) {
    size_t chunk = search->query_count < BATCH_QUERIES ? search->query_count : BATCH_QUERIES;
    uint32_t *starts = malloc((BW_BUCKETS + 2) * sizeof *starts);
    size_t masks = (size_t)bw_mask_count(search->radius / (int)search->ring->bands);
    batch_probe *probes = malloc((chunk ? chunk : 1) * masks * sizeof *probes);
    pending_list *pending = malloc(sizeof *pending);
    int result = starts == NULL || probes == NULL || pending == NULL ? -1 : 0;
    for (size_t first = 0; result == 0 && first < search->query_count; first += chunk) {
        size_t count = search->query_count - first < chunk ? search->query_count - first : chunk;
        size_t known = search->hits->count;
        pending->search = search;
        pending->count = 0;
        for (uint32_t band = 0; band < search->ring->bands; band++) {
            if (search->plan.own[band] < 0) continue;
            sort_probes(search, first, count, band, starts, probes);
            scan_band(pending, band, starts, probes);
        }
        flush_pending(pending);
        if (search->hits->failed) result = -1;
        else bw_hits_sort(search->hits, known);
    }
    free(pending);
    free(probes);
    free(starts);
    return result;
}
