/* The loops for processors with AVX-512 BITALG and VPOPCNTDQ: 32 keys in three instructions. */
#include "kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET                                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bitalg,avx512vpopcntdq,avx2," \
                          "fma,popcnt,bmi,bmi2,lzcnt")))

TARGET static inline int popcount64(uint64_t x) { return __builtin_popcountll(x); }

TARGET static inline uint32_t near_mask(const uint16_t *keys, uint16_t next, int limit) {
    __m512i word = _mm512_xor_si512(_mm512_loadu_si512(keys), _mm512_set1_epi16((short)next));
    return _mm512_cmple_epu16_mask(_mm512_popcnt_epi16(word), _mm512_set1_epi16((short)limit));
}

/* Of eight rows kept by columns, those whose first two words are within the radius. */
TARGET static inline uint32_t eight_near(const uint64_t *first, const uint64_t *second, uint64_t a,
                                         uint64_t b, int radius) {
    __m512i x = _mm512_xor_si512(_mm512_loadu_si512(first), _mm512_set1_epi64((long long)a));
    __m512i y = _mm512_xor_si512(_mm512_loadu_si512(second), _mm512_set1_epi64((long long)b));
    __m512i sum = _mm512_add_epi64(_mm512_popcnt_epi64(x), _mm512_popcnt_epi64(y));
    return _mm512_cmple_epu64_mask(sum, _mm512_set1_epi64(radius));
}

/* Not zero when any of eight rows of 32 bytes is within the radius. */
TARGET static inline uint32_t eight_rows_near(const uint8_t *rows, const uint8_t *query, int radius) {
    __m512i q = _mm512_broadcast_i64x4(_mm256_loadu_si256((const __m256i *)query));
    __m512i a = _mm512_popcnt_epi64(_mm512_xor_si512(q, _mm512_loadu_si512(rows)));
    __m512i b = _mm512_popcnt_epi64(_mm512_xor_si512(q, _mm512_loadu_si512(rows + 64)));
    __m512i c = _mm512_popcnt_epi64(_mm512_xor_si512(q, _mm512_loadu_si512(rows + 128)));
    __m512i d = _mm512_popcnt_epi64(_mm512_xor_si512(q, _mm512_loadu_si512(rows + 192)));
    /* A count needs 16 bits at most, so four registers' counts share one and are added at once. */
    __m512i ab = _mm512_or_si512(a, _mm512_slli_epi64(b, 16));
    __m512i cd = _mm512_or_si512(c, _mm512_slli_epi64(d, 16));
    __m512i all = _mm512_or_si512(ab, _mm512_slli_epi64(cd, 32));
    all = _mm512_add_epi64(all, _mm512_permutex_epi64(all, 0xb1));
    all = _mm512_add_epi64(all, _mm512_permutex_epi64(all, 0x4e));
    return _mm512_cmple_epu16_mask(all, _mm512_set1_epi16((short)radius));
}

#define HAVE_EIGHT_NEAR 1
#define FUSED 1 /* MULTIPLY_ADD rounds once */
#define MULTIPLY_ADD(a, b, c) __builtin_fmaf((a), (b), (c))
#include "ring_loops.h"
#include "scan_loops.h"
#include "pdq_loops.h"
#include "jpeg_loops.h"

const bw_variant bw_avx512 = {
    "avx512", search_one, search_many, scan_codes, luma_exact, luma_fast, dct_16x16,
    luma_steps, write_bits, sum_rows, jpeg_scan,
};
#endif
