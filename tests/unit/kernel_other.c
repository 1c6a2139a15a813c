/* Runs the kernel's compiled loops without Python, so that another processor's can be tried.
 *
 * Reads tasks from standard input as test_kernel_arm.py packs them, answers each in text, once
 * for every variant this program was compiled with: "task variant way what-was-found".
 */
#include <stdio.h>
#include <stdlib.h>

#include "jpeg.h"

static const bw_variant *variants[] = {
    &bw_portable,
#if defined(__aarch64__)
    &bw_neon,
#elif defined(__x86_64__)
    &bw_avx2, /* AVX-512 has the same loops, and takes as long again to compile with checks */
#endif
};
#define VARIANTS variant_count
static size_t variant_count = sizeof variants / sizeof *variants;

static const bw_variant *active;
const bw_variant *bw_active(void) { return active; }

static void die(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(1);
}

/* Exactly `size` bytes, in memory of exactly that size; NULL for none. */
static uint8_t *take(size_t size) {
    uint8_t *bytes = size ? malloc(size) : NULL;
    if (size && (bytes == NULL || fread(bytes, 1, size, stdin) != size)) die("input ends early");
    return bytes;
}

static void say(int task, const char *variant, const char *way, const bw_hits *hits) {
    printf("%d %s %s", task, variant, way);
    for (size_t i = 0; i < hits->count; i++)
        printf(" %u:%u:%u", hits->items[i].query, hits->items[i].row, hits->items[i].distance);
    printf("\n");
}

static void run_one(bw_search search, int task, const char *variant, size_t stride) {
    bw_hits all = {0};
    for (size_t q = 0; q < search.query_count; q++) {
        bw_search single = search;
        size_t from = all.count;
        single.queries += q * stride;
        if (search.verify_queries) single.verify_queries += q * (size_t)BW_VERIFY_BYTES;
        single.query_count = 1;
        single.hits = &all;
        if (active->search(&single) != 0) die("no memory");
        for (size_t i = from; i < all.count; i++) all.items[i].query = (uint32_t)q;
    }
    say(task, variant, search.most ? "first" : "one", &all);
    free(all.items);
}

static void run_many(bw_search search, int task, const char *variant) {
    bw_hits hits = {0};
    search.hits = &hits;
    if (active->search_batch(&search) != 0) die("no memory");
    say(task, variant, "many", &hits);
    free(hits.items);
}

static void run_scan(const bw_search *search, int task, const char *variant) {
    bw_hits hits = {0};
    bw_scan scan = {search->ring->codes, search->queries,       search->ring->rows,
                    search->query_count, search->ring->bands / 4, search->radius, &hits};
    if (active->scan(&scan) != 0) die("no memory");
    say(task, variant, "scan", &hits);
    free(hits.items);
}

/* bands rows queries radius verify_limit later_only most tombstones, then the arrays. */
static void ring_task(int task) {
    int32_t head[8];
    memcpy(head, take(sizeof head), sizeof head);
    uint32_t bands = (uint32_t)head[0];
    size_t rows = (size_t)head[1], queries = (size_t)head[2], stride = 2 * (size_t)bands;
    bool verified = head[4] >= 0;
    uint8_t *codes = take(rows * stride), *wanted = take(queries * stride);
    uint8_t *verify = take(verified ? rows * BW_VERIFY_BYTES : 0);
    uint8_t *verify_wanted = take(verified ? queries * BW_VERIFY_BYTES : 0);
    uint8_t *tombstones = take(head[7] ? (rows + 7) / 8 : 0);
    uint32_t *off = malloc(bands * (size_t)BW_OFFSETS * sizeof *off);
    uint32_t *ids = malloc(bands * rows * sizeof *ids + 1);
    uint16_t *key = malloc(bands * rows * sizeof *key + 1); /* no slack: reading past it shows */
    if (!off || !ids || !key || bw_ring_build(codes, rows, bands, off, key, ids) != 0) die("no memory");
    bw_ring ring = {bands, rows, codes, off, key, ids, verify};
    bw_search search = {&ring,   wanted,       verify_wanted,     tombstones,        queries, head[3],
                        head[4], head[5] != 0, (size_t)head[6], {{0}, {0}}, NULL};
    bw_plan_fill(&search.plan, bands, head[3]);
    for (size_t v = 0; v < VARIANTS; v++) {
        active = variants[v];
        if (!search.later_only) run_one(search, task, active->name, stride);
        if (search.most == 0) run_many(search, task, active->name);
        if (!search.later_only && !search.most && !tombstones && !verified)
            run_scan(&search, task, active->name);
    }
}

/* rows cols channels, then the pixels. */
static void picture_task(int task) {
    int32_t head[3];
    memcpy(head, take(sizeof head), sizeof head);
    bw_picture picture = {NULL, (size_t)head[0], (size_t)head[1], head[2]};
    picture.pixels = take(picture.rows * picture.cols * (size_t)picture.channels);
    for (size_t v = 0; v < VARIANTS; v++) {
        for (int dihedral = 0; dihedral < 2; dihedral++) {
            bw_pdq found;
            active = variants[v];
            if (bw_pdq_hash(&picture, dihedral != 0, &found) != 0) die("no memory");
            printf("%d %s %s %d", task, active->name, dihedral ? "eight" : "pdq", found.quality);
            for (int turn = 0; turn < (dihedral ? 8 : 1); turn++) {
                printf(" ");
                for (int i = 0; i < 32; i++) printf("%02x", found.hash[turn][i]);
            }
            printf("\n");
        }
    }
}

/* size grey, then the file: its shape and the Adler-32 sum of its pixels, or nothing. */
static void jpeg_task(int task) {
    int32_t head[2];
    memcpy(head, take(sizeof head), sizeof head);
    uint8_t *data = take((size_t)head[0]);
    for (size_t v = 0; v < VARIANTS; v++) {
        bw_jpeg jpeg;
        active = variants[v];
        printf("%d %s jpeg", task, active->name);
        if (bw_jpeg_open(data, (size_t)head[0], &jpeg)) {
            size_t samples = jpeg.rows * jpeg.cols * (head[1] || jpeg.channels == 1 ? 1 : 3);
            uint8_t *out = malloc(samples);
            uint32_t a = 1, b = 0;
            int whole = out ? bw_jpeg_decode(&jpeg, head[1] != 0, out) : -1;
            if (whole < 0) die("no memory");
            for (size_t i = 0; whole && i < samples; i++) {
                a = (a + out[i]) % 65521;
                b = (b + a) % 65521;
            }
            if (whole) printf(" %zu %zu %d %u", jpeg.rows, jpeg.cols, jpeg.channels, b << 16 | a);
            free(out);
        }
        printf("\n");
    }
    free(data);
}

int main(void) {
    bw_masks_init();
    bw_pdq_init();
    bw_jpeg_init();
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2")) variant_count = 1;
#endif
    int kind;
    for (int task = 0; (kind = getchar()) != EOF; task++) {
        if (kind == 'R') ring_task(task);
        else if (kind == 'P') picture_task(task);
        else if (kind == 'J') jpeg_task(task);
        else die("no such task");
    }
    return 0;
}
