/* Shared by the C files that read JPEG; see jpeg.c. */
#ifndef BREAKWATER_JPEG_H
#define BREAKWATER_JPEG_H

#include "kernel.h"

#define BW_JPEG_LOOK 11 /* bits looked up at once */
#define BW_JPEG_SLACK 2048 /* readable bytes behind the scan: more than one MCU can use, 6 x 64 x 27 bits */
#define BW_JPEG_END 128 /* a step past every coefficient: the block ends */

/* A Huffman table as the file lists it. */
typedef struct {
    bool known;
    uint8_t counts[17]; /* codes of each length, 1 to 16 */
    uint8_t symbols[256];
} bw_jpeg_codes;

/* A Huffman table as it is looked up. */
typedef struct {
    uint16_t first[1 << BW_JPEG_LOOK]; /* length + 256 x symbol; 0: the code is longer */
    /* One or two whole symbols with their values: bits of both, bits of the first, step and step,
     * 8 bits each, then value and value, 16 bits each; 0: not even one fits. */
    uint64_t pairs[1 << BW_JPEG_LOOK];
    int32_t most[17];  /* the greatest code of a length, or -1 */
    int32_t shift[17]; /* from a code to its symbol's place */
    uint8_t symbols[256];
} bw_jpeg_table;

typedef struct {
    uint8_t quant; /* numbers of its tables */
    uint8_t dc;
    uint8_t ac;
    int32_t steps[64]; /* quantisation, row by row */
    const bw_jpeg_table *dc_table;
    const bw_jpeg_table *ac_table;
} bw_jpeg_part;

typedef struct bw_jpeg {
    size_t rows;
    size_t cols;
    int channels; /* 3 or 1 in the file */
    size_t across; /* luma samples for one of chroma: 1 or 2 */
    size_t down;
    size_t interval; /* MCUs between restarts; 0: none */
    bool read[4]; /* which quantisation tables are known */
    uint8_t quant[4][64]; /* in zigzag order */
    bw_jpeg_codes codes[2][4]; /* DC and AC */
    bw_jpeg_part parts[3];
    const uint8_t *scan; /* what follows the header */
    size_t scan_size;

    bool grey; /* luma only */
    uint8_t *out; /* rows x cols x (grey ? 1 : 3) */
    const uint8_t *bits; /* the scan without stuffing, BW_JPEG_SLACK behind it */
    const size_t *ends; /* where each interval ends in `bits` */
    size_t intervals;
} bw_jpeg;

extern uint8_t bw_jpeg_places[64 + 2 * BW_JPEG_END]; /* zigzag to row by row; 64 for what is past */

void bw_jpeg_init(void);
/* Whether the file is of the plain kind that is read here, up to its scan; fills `jpeg`. */
bool bw_jpeg_open(const uint8_t *data, size_t size, bw_jpeg *jpeg);
/* 1: `out` holds the pixels; 0: the scan is damaged or odd, judge it elsewhere; -1: no memory. */
int bw_jpeg_decode(bw_jpeg *jpeg, bool grey, uint8_t *out);

static inline size_t bw_jpeg_mcus(size_t length, size_t samples) {
    return (length + 8 * samples - 1) / (8 * samples);
}

#endif
