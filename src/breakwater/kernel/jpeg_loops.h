/* JPEG's scan: Huffman symbols, the exact integer IDCT, chroma's triangle filter and colours.
 *
 * Compiled once per instruction set. libjpeg-turbo's results bit for bit: jidctint.c (the accurate
 * IDCT), jdsample.c (h2v1 and h2v2 "fancy") and jdcolor.c; its vector code, which keeps 16 bits
 * between the passes, gives the same as long as no sum leaves them: `MOST_COLUMN`.
 * Rows are made as soon as their chroma's neighbours are known, from rings of two MCU rows.
 */
#include <stdlib.h>

#include "jpeg.h"

#if defined(__x86_64__) && defined(FUSED) /* the variants for AVX2 and beyond */
#define ON_AVX2 1
#endif

#define ALWAYS static inline __attribute__((always_inline))

/* ---- symbols ----------------------------------------------------------------------------- */

typedef struct {
    uint64_t top;      /* the next bits, from the highest down */
    unsigned count;    /* how many of them count */
    const uint8_t *at; /* what follows */
} jpeg_bits;

/* At least 56 bits from now on. Past the end it reads slack: who calls checks `at`. */
TARGET ALWAYS void refill(jpeg_bits *b) {
    uint64_t word;
    memcpy(&word, b->at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    b->top |= word >> b->count;
    b->at += (63 - b->count) >> 3;
    b->count |= 56;
}

TARGET ALWAYS void skip(jpeg_bits *b, unsigned bits) {
    b->top <<= bits;
    b->count -= bits;
}

/* One symbol of any length, or -1; at least 16 bits must be there. */
TARGET ALWAYS int symbol(jpeg_bits *b, const bw_jpeg_table *table) {
    unsigned known = table->first[b->top >> (64 - BW_JPEG_LOOK)];
    if (known != 0) {
        skip(b, known & 255);
        return (int)(known >> 8);
    }
    for (unsigned length = BW_JPEG_LOOK + 1; length <= 16; length++) {
        int32_t code = (int32_t)(b->top >> (64 - length));
        if (code > table->most[length]) continue;
        skip(b, length);
        return table->symbols[(code + table->shift[length]) & 255];
    }
    return -1;
}

/* The value of `size` bits. */
TARGET ALWAYS int value_of(jpeg_bits *b, unsigned size) {
    int value = (int)((b->top >> 1) >> (63 - size));
    if (b->top >> 63 == 0) value -= (1 << size) - 1;
    skip(b, size);
    return value;
}

/* A symbol that the pairs do not hold: the step to its coefficient, 0 when it is damaged. */
TARGET ALWAYS unsigned long_step(jpeg_bits *b, const bw_jpeg_table *table, int *value) {
    refill(b);
    int found = symbol(b, table);
    unsigned run = (unsigned)found >> 4, size = (unsigned)found & 15;
    *value = 0;
    if (found < 0 || size > 10 || (size == 0 && run != 0 && run != 15)) return 0;
    if (size != 0) *value = value_of(b, size);
    refill(b);
    return size == 0 && run == 0 ? BW_JPEG_END : run + 1;
}

/* One block's coefficients, row by row, into 65 zeros; the place of the last, in zigzag order, or -1
 * when it is damaged. With `keep` false they are only passed over. */
TARGET ALWAYS int read_block(jpeg_bits *b, const bw_jpeg_part *part, int *dc, int16_t *block, bool keep) {
    const bw_jpeg_table *table = part->ac_table;
    jpeg_bits now = *b;
    unsigned k = 0;
    refill(&now);
    uint64_t pair = part->dc_table->pairs[now.top >> (64 - BW_JPEG_LOOK)];
    if (__builtin_expect(pair != 0, 1)) {
        skip(&now, pair & 63);
        *dc += (int16_t)(pair >> 32);
    } else {
        int size = symbol(&now, part->dc_table);
        if (size < 0 || size > 11) return -1;
        *dc += value_of(&now, (unsigned)size);
    }
    if (*dc < -2048 || *dc > 2047) return -1;
    if (keep) block[0] = (int16_t)*dc;
    for (;;) {
        refill(&now);
        /* Four steps of up to 11 bits; a longer one fills up behind itself. */
        for (int turn = 0; turn < 4; turn++) {
            pair = table->pairs[now.top >> (64 - BW_JPEG_LOOK)];
            unsigned first = k + ((unsigned)(pair >> 16) & 255), bits = pair & 63;
            int value = (int16_t)(pair >> 32), second = (int16_t)(pair >> 48);
            if (__builtin_expect(pair == 0, 0)) {
                unsigned step = long_step(&now, table, &value);
                if (step == 0) return -1;
                first = k + step;
                second = value;
            }
            k = first + ((unsigned)(pair >> 24) & 255);
            if (keep) {
                block[bw_jpeg_places[first]] = (int16_t)value;
                block[bw_jpeg_places[k]] = (int16_t)second;
            }
            if (k >= 63) {
                if (first >= 63) { /* then the second belongs to what follows the block */
                    bits = (pair >> 8) & 63;
                    k = first;
                }
                skip(&now, bits);
                goto done;
            }
            skip(&now, bits);
        }
    }
done:
    *b = now;
    if (k > 63 && k < BW_JPEG_END) return -1;
    return (int)(k & (BW_JPEG_END - 1));
}

/* ---- the IDCT ---------------------------------------------------------------------------- */

typedef uint32_t lanes __attribute__((vector_size(32)));
typedef int32_t signed_lanes __attribute__((vector_size(32)));
typedef int16_t short_lanes __attribute__((vector_size(16)));

#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE8(a, b, ...) __builtin_shufflevector((a), (b), __VA_ARGS__)
#else
#define SHUFFLE8(a, b, ...) __builtin_shuffle((a), (b), (lanes){__VA_ARGS__})
#endif

/* The most that a column's coefficients may come to, so that 16 bits hold every sum of two values
 * between the passes: each is at most 4 x 1.39 times the column's. */
#define MOST_COLUMN 2950

#define SHIFTED(x, by) ((lanes)((signed_lanes)(x) >> (by)))

/* One pass over eight vectors; `rounding` is half a unit of what `shift` drops. */
TARGET ALWAYS void idct_pass(lanes v[8], uint32_t rounding, int shift) {
    lanes z1 = (v[2] + v[6]) * 4433u;
    lanes t2 = z1 - v[6] * 15137u, t3 = z1 + v[2] * 6270u;
    lanes t0 = ((v[0] + v[4]) << 13) + rounding, t1 = ((v[0] - v[4]) << 13) + rounding;
    lanes t10 = t0 + t3, t13 = t0 - t3, t11 = t1 + t2, t12 = t1 - t2;
    lanes z3 = v[7] + v[3], z4 = v[5] + v[1], z5 = (z3 + z4) * 9633u, z2 = v[5] + v[3];
    z1 = (v[7] + v[1]) * 7373u;
    z2 = z2 * 20995u;
    z3 = z5 - z3 * 16069u;
    z4 = z5 - z4 * 3196u;
    t0 = v[7] * 2446u + z3 - z1;
    t1 = v[5] * 16819u + z4 - z2;
    t2 = v[3] * 25172u + z3 - z2;
    t3 = v[1] * 12299u + z4 - z1;
    v[0] = SHIFTED(t10 + t3, shift);
    v[7] = SHIFTED(t10 - t3, shift);
    v[1] = SHIFTED(t11 + t2, shift);
    v[6] = SHIFTED(t11 - t2, shift);
    v[2] = SHIFTED(t12 + t1, shift);
    v[5] = SHIFTED(t12 - t1, shift);
    v[3] = SHIFTED(t13 + t0, shift);
    v[4] = SHIFTED(t13 - t0, shift);
}

TARGET ALWAYS void turn_lanes(lanes v[8]) {
    lanes a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = SHUFFLE8(v[i], v[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        a[i + 1] = SHUFFLE8(v[i], v[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int i = 0; i < 8; i += 4)
        for (int j = 0; j < 2; j++) {
            b[i + 2 * j] = SHUFFLE8(a[i + j], a[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            b[i + 2 * j + 1] = SHUFFLE8(a[i + j], a[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int i = 0; i < 4; i++) {
        v[i] = SHUFFLE8(b[i], b[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        v[i + 4] = SHUFFLE8(b[i], b[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
}

/* Eight coefficients as lanes, and their sizes. */
TARGET ALWAYS void load_row(const int16_t *row, const int32_t *steps, lanes *out, lanes *sum) {
#ifdef ON_AVX2
    __m256i wide = _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)row));
    wide = _mm256_mullo_epi32(wide, _mm256_loadu_si256((const __m256i *)(const void *)steps));
    *out = (lanes)wide;
    *sum += (lanes)_mm256_abs_epi32(wide);
#else
    short_lanes narrow;
    lanes step;
    memcpy(&narrow, row, sizeof narrow);
    memcpy(&step, steps, sizeof step);
    *out = (lanes)__builtin_convertvector(narrow, signed_lanes) * step;
    lanes sign = SHIFTED(*out, 31);
    *sum += (*out ^ sign) - sign;
#endif
}

TARGET ALWAYS bool any_lane(const lanes *x) {
    uint64_t parts[4];
    memcpy(parts, x, sizeof parts);
    return (parts[0] | parts[1] | parts[2] | parts[3]) != 0;
}

/* Eight rows of eight samples from the coefficients in the first `rows` rows and columns, which become
 * zeros; `wide` gathers whether a column left what MOST_COLUMN allows. */
TARGET ALWAYS void idct_block(int16_t *block, const int32_t *steps, int rows, lanes *wide, uint8_t *out,
                              size_t stride) {
    lanes v[8], sum = {0}, beyond = {0}, low, high;
    for (int i = 0; i < rows; i++) load_row(block + 8 * i, steps + 8 * i, &v[i], &sum);
    for (int i = rows; i < 8; i++) v[i] = (lanes){0};
    memset(block, 0, 8 * (size_t)rows * sizeof *block);
    *wide |= (lanes)(sum > MOST_COLUMN);
    idct_pass(v, 1u << 10, 11);
    turn_lanes(v);
    for (int i = rows; i < 8; i++) v[i] = (lanes){0}; /* as many columns as rows */
    idct_pass(v, (1u << 17) + (128u << 18), 18);
    for (int i = 0; i < 8; i++) beyond |= v[i] & ~255u;
    if (any_lane(&beyond))
        for (int i = 0; i < 8; i++) {
            v[i] &= ~SHIFTED(v[i], 31);
            v[i] = (v[i] | (lanes)(v[i] > 255)) & 255;
        }
    lanes left = v[0] | v[1] << 8 | v[2] << 16 | v[3] << 24;
    lanes right = v[4] | v[5] << 8 | v[6] << 16 | v[7] << 24;
    low = SHUFFLE8(left, right, 0, 8, 1, 9, 4, 12, 5, 13);
    high = SHUFFLE8(left, right, 2, 10, 3, 11, 6, 14, 7, 15);
    uint8_t made[64];
    memcpy(made, &low, 32);
    memcpy(made + 32, &high, 32);
    static const uint8_t places[8] = {0, 8, 32, 40, 16, 24, 48, 56};
    for (int i = 0; i < 8; i++) memcpy(out + (size_t)i * stride, made + places[i], 8);
}

/* A block of one value. */
TARGET ALWAYS void flat_block(int16_t *block, int32_t step, uint8_t *out, size_t stride) {
    int value = ((block[0] * step + 4) >> 3) + 128;
    block[0] = 0;
    value = value < 0 ? 0 : value > 255 ? 255 : value;
    for (int i = 0; i < 8; i++) memset(out + (size_t)i * stride, value, 8);
}

#include "jpeg_rows.h"

/* ---- the scan ---------------------------------------------------------------------------- */

/* The samples of a block whose last coefficient, in zigzag order, is `last`. */
TARGET static void make_block(int16_t *block, int last, const bw_jpeg_part *part, lanes *wide,
                                     uint8_t *out, size_t stride) {
    int32_t first = block[0] * part->steps[0];
    if (last == 0 && first >= -MOST_COLUMN && first <= MOST_COLUMN)
        flat_block(block, part->steps[0], out, stride);
    else if (last < 10) idct_block(block, part->steps, 4, wide, out, stride);
    else idct_block(block, part->steps, 8, wide, out, stride);
}

/* All blocks are read before the first is made: what was just stored one by one cannot be loaded as a
 * row without waiting. */
TARGET static bool one_mcu(jpeg_state *s, jpeg_bits *b, int dc[3], size_t down, size_t across) {
    const bw_jpeg *jpeg = s->jpeg;
    size_t count = jpeg->across * jpeg->down, blocks = count + (size_t)jpeg->channels - 1;
    int last[6];
    for (size_t at = 0; at < blocks; at++) {
        size_t part = at < count ? 0 : at - count + 1;
        bool keep = part == 0 || !jpeg->grey;
        int16_t *block = s->blocks[at];
        last[at] = keep ? read_block(b, &jpeg->parts[part], &dc[part], block, true)
                        : read_block(b, &jpeg->parts[part], &dc[part], block, false);
        if (last[at] < 0) return false;
    }
    uint8_t *luma = s->luma + down % 2 * s->luma_rows * s->luma_stride + across * 8 * jpeg->across;
    for (size_t at = 0; at < count; at++) {
        uint8_t *to = luma + at / jpeg->across * 8 * s->luma_stride + at % jpeg->across * 8;
        make_block(s->blocks[at], last[at], &jpeg->parts[0], s->over, to, s->luma_stride);
    }
    for (size_t at = count; at < blocks && !jpeg->grey; at++) {
        uint8_t *to = s->chroma[at - count] + down % 2 * 8 * s->chroma_stride + across * 8;
        make_block(s->blocks[at], last[at], &jpeg->parts[at - count + 1], s->over, to, s->chroma_stride);
    }
    return true;
}

/* Everything up to the interval's end was read, but for the last byte's padding. */
TARGET static bool all_read(const bw_jpeg *jpeg, const jpeg_bits *b, size_t interval) {
    size_t read = 8 * (size_t)(b->at - jpeg->bits) - b->count, there = 8 * jpeg->ends[interval];
    return read <= there && there - read < 8;
}

TARGET static bool read_all(jpeg_state *s) {
    const bw_jpeg *jpeg = s->jpeg;
    const uint8_t *end = jpeg->bits + jpeg->ends[jpeg->intervals - 1] + 8;
    size_t left = jpeg->interval, interval = 0, row = 0;
    jpeg_bits b = {0, 0, jpeg->bits};
    int dc[3] = {0, 0, 0};
    for (size_t down = 0; down < s->mcus_down; down++) {
        for (size_t across = 0; across < s->mcus_across; across++) {
            if (jpeg->interval != 0 && left-- == 0) {
                if (!all_read(jpeg, &b, interval)) return false;
                b = (jpeg_bits){0, 0, jpeg->bits + jpeg->ends[interval++]};
                memset(dc, 0, sizeof dc);
                left = jpeg->interval - 1;
            }
            if (!one_mcu(s, &b, dc, down, across) || b.at > end) return false;
        }
        /* With chroma of half the height, a row needs the chroma below it. */
        size_t ready = (down + 1) * s->luma_rows - (jpeg->down == 2 && !jpeg->grey);
        if (down + 1 == s->mcus_down || ready > jpeg->rows) ready = jpeg->rows;
        for (; row < ready; row++) make_row(s, row);
    }
    return all_read(jpeg, &b, interval) && !any_lane(s->over);
}

TARGET static int jpeg_scan(bw_jpeg *jpeg) {
    int16_t blocks[6][72] = {{0}};
    lanes over = {0};
    jpeg_state s = {.jpeg = jpeg, .blocks = blocks, .over = &over};
    s.mcus_down = bw_jpeg_mcus(jpeg->rows, jpeg->down);
    s.mcus_across = bw_jpeg_mcus(jpeg->cols, jpeg->across);
    s.luma_rows = 8 * jpeg->down;
    s.chroma_rows = 8;
    s.luma_stride = 8 * jpeg->across * s.mcus_across;
    s.chroma_stride = 8 * s.mcus_across;
    s.chroma_width = (jpeg->cols + jpeg->across - 1) / jpeg->across;
    s.chroma_height = (jpeg->rows + jpeg->down - 1) / jpeg->down;
    size_t luma = 2 * s.luma_rows * s.luma_stride, chroma = 16 * s.chroma_stride;
    size_t sums = (2 * (s.chroma_stride + 2) + 63) & ~(size_t)63;
    uint8_t *memory = malloc(sums + luma + 2 * chroma + 2 * s.luma_stride);
    if (memory == NULL) return -1;
    s.sums = (uint16_t *)(void *)memory;
    s.luma = memory + sums;
    s.chroma[0] = s.luma + luma;
    s.chroma[1] = s.chroma[0] + chroma;
    s.wide[0] = s.chroma[1] + chroma;
    s.wide[1] = s.wide[0] + s.luma_stride;
    bool whole = read_all(&s);
    free(memory);
    return whole ? 1 : 0;
}
