/* The loops for any processor: 16-bit counts on the compiler's generic vectors. */
#include "kernel.h"

#define TARGET

static inline int popcount64(uint64_t x) {
    x -= (x >> 1) & 0x5555555555555555ull;
    x = (x & 0x3333333333333333ull) + ((x >> 2) & 0x3333333333333333ull);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;
    return (int)((x * 0x0101010101010101ull) >> 56);
}

typedef uint16_t eight __attribute__((vector_size(16)));

static inline eight count_bits(eight x) {
    x -= (x >> 1) & 0x5555;
    x = (x & 0x3333) + ((x >> 2) & 0x3333);
    x = (x + (x >> 4)) & 0x0f0f;
    return (x + (x >> 8)) & 0x1f;
}

static inline uint32_t near_mask(const uint16_t *keys, uint16_t next, int limit) {
    uint32_t mask = 0;
    for (int part = 0; part < 4; part++) {
        eight word;
        memcpy(&word, keys + 8 * part, sizeof word);
        eight far = (eight)(count_bits(word ^ next) > (uint16_t)limit);
        uint64_t halves[2];
        memcpy(halves, &far, sizeof halves);
        if ((halves[0] & halves[1]) == UINT64_MAX) continue;
        for (int i = 0; i < 8; i++)
            if (far[i] == 0) mask |= 1u << (8 * part + i);
    }
    return mask;
}

#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#include "ring_loops.h"
#include "scan_loops.h"
#include "pdq_loops.h"
#include "jpeg_loops.h"

const bw_variant bw_portable = {
    "portable", search_one, search_many, scan_codes, luma_exact, luma_fast, dct_16x16,
    luma_steps, write_bits, sum_rows, jpeg_scan,
};
