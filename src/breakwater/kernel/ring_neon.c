/* The loops for 64-bit ARM: byte counts, added in pairs. */
#include "kernel.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define TARGET

static inline int popcount64(uint64_t x) { return (int)vaddv_u8(vcnt_u8(vcreate_u8(x))); }

static inline uint32_t near_mask(const uint16_t *keys, uint16_t next, int limit) {
    static const uint16_t bits[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    uint16x8_t wanted = vdupq_n_u16(next), most = vdupq_n_u16((uint16_t)limit);
    uint16x8_t weights = vld1q_u16(bits);
    uint32_t mask = 0;
    for (int part = 0; part < 4; part++) {
        uint16x8_t word = veorq_u16(vld1q_u16(keys + 8 * part), wanted);
        uint16x8_t count = vpaddlq_u8(vcntq_u8(vreinterpretq_u8_u16(word)));
        mask |= (uint32_t)vaddvq_u16(vandq_u16(vcleq_u16(count, most), weights)) << (8 * part);
    }
    return mask;
}

#define FUSED 1 /* MULTIPLY_ADD rounds once */
#define MULTIPLY_ADD(a, b, c) __builtin_fmaf((a), (b), (c))
#include "ring_loops.h"
#include "scan_loops.h"
#include "pdq_loops.h"
#include "jpeg_loops.h"

const bw_variant bw_neon = {
    "neon", search_one, search_many, scan_codes, luma_exact, luma_fast, dct_16x16,
    luma_steps, write_bits, sum_rows, jpeg_scan,
};
#endif
