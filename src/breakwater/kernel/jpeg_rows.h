/* JPEG's rows: chroma's triangle filter and colours; included by jpeg_loops.h for each variant.
 *
 * jdsample.c's h2v1 and h2v2 "fancy" and jdcolor.c of libjpeg-turbo, bit for bit.
 */

typedef struct {
    const bw_jpeg *jpeg;
    size_t mcus_down, mcus_across;
    size_t luma_stride, chroma_stride;
    size_t luma_rows, chroma_rows; /* of one MCU row */
    size_t chroma_width, chroma_height; /* of the picture */
    uint8_t *luma;      /* two MCU rows, each after the other in turns */
    uint8_t *chroma[2]; /* likewise */
    uint8_t *wide[2];   /* one row of chroma as wide as luma */
    uint16_t *sums;     /* one row of chroma with a neighbour at each end */
    int16_t (*blocks)[72]; /* one MCU's coefficients, and room for what goes past the last */
    lanes *over;
} jpeg_state;

/* Chroma twice as wide: each sample is three quarters its own, one quarter its neighbour's. */
TARGET ALWAYS void widen(const uint16_t *sums, size_t width, int bias, int more, int shift, uint8_t *out) {
    for (size_t x = 0; x < width; x++) {
        uint16_t own = (uint16_t)(3 * sums[x + 1]);
        out[2 * x] = (uint8_t)((uint16_t)(own + sums[x] + bias) >> shift);
        out[2 * x + 1] = (uint8_t)((uint16_t)(own + sums[x + 2] + more) >> shift);
    }
}

/* One part's chroma for a row of luma; points at it where nothing must be made. */
TARGET static const uint8_t *chroma_row(jpeg_state *s, size_t row, int which) {
    size_t down = s->jpeg->down, ring = 2 * s->chroma_rows, width = s->chroma_width;
    const uint8_t *plane = s->chroma[which], *near = plane + row / down % ring * s->chroma_stride;
    uint16_t *sums = s->sums;
    if (s->jpeg->across == 1) return near;
    if (down == 1) {
        for (size_t x = 0; x < width; x++) sums[x + 1] = near[x];
    } else {
        size_t own = row / 2, other = row % 2 != 0 ? own + 1 : own - 1;
        if (own == 0 && row % 2 == 0) other = 0;
        if (other >= s->chroma_height) other = s->chroma_height - 1;
        const uint8_t *far = plane + other % ring * s->chroma_stride;
        for (size_t x = 0; x < width; x++) sums[x + 1] = (uint16_t)(3 * near[x] + far[x]);
    }
    sums[0] = sums[1];
    sums[width + 1] = sums[width];
    if (down == 1) widen(sums, width, 1, 2, 2, s->wide[which]);
    else widen(sums, width, 8, 7, 4, s->wide[which]);
    return s->wide[which];
}

TARGET ALWAYS uint8_t clamped(int value) {
    value = value > 0 ? value : 0;
    return (uint8_t)(value < 255 ? value : 255);
}

TARGET ALWAYS void colour_sample(int y, int b, int r, uint8_t out[3]) {
    b -= 128;
    r -= 128;
    out[0] = clamped(y + ((91881 * r + 32768) >> 16));
    out[1] = clamped(y + ((-22554 * b - 46802 * r + 32768) >> 16));
    out[2] = clamped(y + ((116130 * b + 32768) >> 16));
}

#ifdef ON_AVX2
/* Red, green and blue of 16 samples, the sums of jdcolor.c in 16 bits: the whole of a difference, and
 * the upper half of a product for the rest. For all 65,536 pairs of differences the same. */
TARGET ALWAYS void colour_16(const uint8_t *luma, const uint8_t *blue, const uint8_t *red, __m256i out[3]) {
    const __m256i half = _mm256_set1_epi16(128), one = _mm256_set1_epi16(1);
    const __m256i shares = _mm256_set1_epi32((int)((18734u << 16) | (uint16_t)-22554));
    const __m256i unit = _mm256_set1_epi32(32768);
    __m256i y = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)luma));
    __m256i b = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)blue));
    __m256i r = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)red));
    b = _mm256_sub_epi16(b, half);
    r = _mm256_sub_epi16(r, half);
    __m256i twice_b = _mm256_add_epi16(b, b), twice_r = _mm256_add_epi16(r, r);
    __m256i of_r = _mm256_mulhi_epi16(twice_r, _mm256_set1_epi16(26345));
    __m256i of_b = _mm256_mulhi_epi16(twice_b, _mm256_set1_epi16(-14942));
    of_r = _mm256_srai_epi16(_mm256_add_epi16(of_r, one), 1);
    of_b = _mm256_srai_epi16(_mm256_add_epi16(of_b, one), 1);
    __m256i low = _mm256_madd_epi16(_mm256_unpacklo_epi16(b, r), shares);
    __m256i high = _mm256_madd_epi16(_mm256_unpackhi_epi16(b, r), shares);
    low = _mm256_srai_epi32(_mm256_add_epi32(low, unit), 16);
    high = _mm256_srai_epi32(_mm256_add_epi32(high, unit), 16);
    out[0] = _mm256_add_epi16(y, _mm256_add_epi16(r, of_r));
    out[1] = _mm256_add_epi16(_mm256_sub_epi16(y, r), _mm256_packs_epi32(low, high));
    out[2] = _mm256_add_epi16(y, _mm256_add_epi16(twice_b, of_b));
}

/* Where each byte of 16 comes from, N: nowhere; for both halves. */
#define N -1
#define THIRDS(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))

/* 32 samples of three colours, sample by sample. */
TARGET ALWAYS void store_32(const __m256i colours[3], uint8_t *out) {
    const __m256i places[3][3] = {
        {THIRDS(0, N, N, 1, N, N, 2, N, N, 3, N, N, 4, N, N, 5),
         THIRDS(N, 0, N, N, 1, N, N, 2, N, N, 3, N, N, 4, N, N),
         THIRDS(N, N, 0, N, N, 1, N, N, 2, N, N, 3, N, N, 4, N)},
        {THIRDS(N, N, 6, N, N, 7, N, N, 8, N, N, 9, N, N, 10, N),
         THIRDS(5, N, N, 6, N, N, 7, N, N, 8, N, N, 9, N, N, 10),
         THIRDS(N, 5, N, N, 6, N, N, 7, N, N, 8, N, N, 9, N, N)},
        {THIRDS(N, 11, N, N, 12, N, N, 13, N, N, 14, N, N, 15, N, N),
         THIRDS(N, N, 11, N, N, 12, N, N, 13, N, N, 14, N, N, 15, N),
         THIRDS(10, N, N, 11, N, N, 12, N, N, 13, N, N, 14, N, N, 15)},
    };
    __m256i part[3];
    for (int i = 0; i < 3; i++)
        part[i] = _mm256_or_si256(_mm256_or_si256(_mm256_shuffle_epi8(colours[0], places[i][0]),
                                                  _mm256_shuffle_epi8(colours[1], places[i][1])),
                                  _mm256_shuffle_epi8(colours[2], places[i][2]));
    __m256i *to = (__m256i *)(void *)out;
    _mm256_storeu_si256(to, _mm256_permute2x128_si256(part[0], part[1], 0x20));
    _mm256_storeu_si256(to + 1, _mm256_permute2x128_si256(part[2], part[0], 0x30));
    _mm256_storeu_si256(to + 2, _mm256_permute2x128_si256(part[1], part[2], 0x31));
}
#undef N
#undef THIRDS
#endif

TARGET static void colour_row(const uint8_t *restrict luma, const uint8_t *restrict blue,
                              const uint8_t *restrict red, size_t width, uint8_t *restrict out) {
    size_t x = 0;
#ifdef ON_AVX2
    for (; x + 32 <= width; x += 32) {
        __m256i low[3], high[3], both[3];
        colour_16(luma + x, blue + x, red + x, low);
        colour_16(luma + x + 16, blue + x + 16, red + x + 16, high);
        for (int i = 0; i < 3; i++)
            both[i] = _mm256_permute4x64_epi64(_mm256_packus_epi16(low[i], high[i]), 0xd8);
        store_32(both, out + 3 * x);
    }
#endif
    for (; x < width; x++) colour_sample(luma[x], blue[x], red[x], out + 3 * x);
}

TARGET static void make_row(jpeg_state *s, size_t row) {
    const bw_jpeg *jpeg = s->jpeg;
    const uint8_t *luma = s->luma + row % (2 * s->luma_rows) * s->luma_stride;
    if (jpeg->grey) {
        memcpy(jpeg->out + row * jpeg->cols, luma, jpeg->cols);
        return;
    }
    const uint8_t *blue = chroma_row(s, row, 0), *red = chroma_row(s, row, 1);
    colour_row(luma, blue, red, jpeg->cols, jpeg->out + 3 * row * jpeg->cols);
}
