/* The loops for processors with AVX2 and POPCNT: 16-bit counts by nibble look-up. */
#include "kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma,popcnt,bmi,bmi2,lzcnt")))

TARGET static inline int popcount64(uint64_t x) { return __builtin_popcountll(x); }

TARGET static inline __m256i far_words(const uint16_t *keys, __m256i next, __m256i limit) {
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2,
                                           1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(0x0f);
    __m256i word = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)keys), next);
    __m256i a = _mm256_shuffle_epi8(table, _mm256_and_si256(word, low));
    __m256i b = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(word, 4), low));
    __m256i count = _mm256_maddubs_epi16(_mm256_add_epi8(a, b), _mm256_set1_epi8(1));
    return _mm256_cmpgt_epi16(count, limit);
}

TARGET static inline uint32_t near_mask(const uint16_t *keys, uint16_t next, int limit) {
    __m256i wanted = _mm256_set1_epi16((short)next), most = _mm256_set1_epi16((short)limit);
    __m256i packed = _mm256_packs_epi16(far_words(keys, wanted, most), far_words(keys + 16, wanted, most));
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(packed, 0xd8));
}

#define FUSED 1 /* MULTIPLY_ADD rounds once */
#define MULTIPLY_ADD(a, b, c) __builtin_fmaf((a), (b), (c))
#include "ring_loops.h"
#include "scan_loops.h"
#include "pdq_loops.h"
#include "jpeg_loops.h"

const bw_variant bw_avx2 = {
    "avx2", search_one, search_many, scan_codes, luma_exact, luma_fast, dct_16x16,
    luma_steps, write_bits, sum_rows, jpeg_scan,
};
#endif
