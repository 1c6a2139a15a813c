/* Linear scans of flat codes, compiled once per instruction set (see ring_loops.h).
 *
 * 128 of the 256 bits decide nearly always, so the rest is read only for rows that pass them.
 */
#include "kernel.h"

#define SCAN_BLOCK 512 /* rows of a block kept by columns: 8 KiB, so that it stays in the first cache */

TARGET static inline void scan_row(bw_scan *scan, size_t row, size_t query) {
    const uint8_t *code = scan->codes + row * scan->words * 8;
    const uint8_t *wanted = scan->queries + query * scan->words * 8;
    int distance = scan->words == 4 ? verify_distance(code, wanted, scan->radius)
                                    : popcount64(bw_word64(code, 0) ^ bw_word64(wanted, 0));
    if (distance <= scan->radius)
        bw_hits_push(scan->hits, (uint32_t)query, (uint32_t)row, (uint32_t)distance);
}

#ifdef HAVE_EIGHT_NEAR
/* Many queries over one block: its first two words are put in columns once. */
TARGET static void scan_block(bw_scan *scan, size_t from, size_t count) {
    uint64_t first[SCAN_BLOCK], second[SCAN_BLOCK];
    for (size_t i = 0; i < count; i++) {
        first[i] = bw_word64(scan->codes + (from + i) * 32, 0);
        second[i] = bw_word64(scan->codes + (from + i) * 32, 1);
    }
    for (size_t query = 0; query < scan->query_count; query++) {
        uint64_t a = bw_word64(scan->queries + query * 32, 0);
        uint64_t b = bw_word64(scan->queries + query * 32, 1);
        for (size_t i = 0; i < count; i += 8) {
            uint32_t near = eight_near(first + i, second + i, a, b, scan->radius);
            for (; near; near &= near - 1)
                scan_row(scan, from + i + (uint32_t)__builtin_ctz(near), query);
        }
    }
}

/* One query over rows as they lie: eight at a time, looked at singly only when one is near. */
TARGET static size_t scan_eights(bw_scan *scan) {
    size_t row = 0;
    for (; row + 8 <= scan->rows; row += 8) {
        uint32_t near = eight_rows_near(scan->codes + row * 32, scan->queries, scan->radius);
        if (near == 0) continue;
        for (size_t i = 0; i < 8; i++) scan_row(scan, row + i, 0);
    }
    return row;
}
#endif

TARGET static int scan_codes(bw_scan *scan) {
    size_t row = 0;
#ifdef HAVE_EIGHT_NEAR
    if (scan->words == 4 && scan->query_count == 1) row = scan_eights(scan);
    if (scan->words == 4 && scan->query_count > 1) {
        for (; row + 8 <= scan->rows;) {
            size_t left = (scan->rows - row) & ~(size_t)7;
            size_t count = left < SCAN_BLOCK ? left : SCAN_BLOCK;
            scan_block(scan, row, count);
            row += count;
        }
    }
#endif
    for (; row < scan->rows; row += SCAN_BLOCK) {
        size_t end = scan->rows - row < SCAN_BLOCK ? scan->rows : row + SCAN_BLOCK;
        for (size_t query = 0; query < scan->query_count; query++)
            for (size_t i = row; i < end; i++) scan_row(scan, i, query);
    }
    if (scan->hits->failed) return -1;
    bw_hits_sort(scan->hits, 0);
    return 0;
}
