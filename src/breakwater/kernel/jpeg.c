/* JPEG of the plain kind: what stands before the scan, Huffman tables, and the scan without stuffing.
 *
 * Read here: baseline and extended sequential Huffman files (ITU-T T.81) of 8 bits with one scan,
 * grey or YCbCr in 4:4:4, 4:2:2 or 4:2:0. Their pixels equal libjpeg-turbo's bit for bit (its exact
 * integer IDCT, its triangle filter for chroma, its colour conversion). Everything else, everything
 * damaged and everything libjpeg-turbo would warn of is left to it: nothing is guessed here.
 * Bytes are untrusted: each read is checked against the file's end.
 */
#include <stdlib.h>

#include "jpeg.h"

uint8_t bw_jpeg_places[64 + 2 * BW_JPEG_END];

void bw_jpeg_init(void) {
    int row = 0, col = 0;
    memset(bw_jpeg_places, 64, sizeof bw_jpeg_places);
    for (int k = 0; k < 64; k++) {
        bw_jpeg_places[k] = (uint8_t)(8 * row + col);
        bool rising = (row + col) % 2 == 0;
        if (rising && col == 7) row++;
        else if (rising && row == 0) col++;
        else if (rising) row--, col++;
        else if (row == 7) col++;
        else if (col == 0) row++;
        else row++, col--;
    }
}

static size_t word(const uint8_t *at) { return ((size_t)at[0] << 8) | at[1]; }

static bool read_quant(const uint8_t *at, size_t size, bw_jpeg *jpeg) {
    while (size > 0) {
        unsigned number = at[0];
        if (number > 3 || size < 65) return false; /* 16-bit steps are for 12-bit files */
        for (int k = 0; k < 64; k++) {
            if (at[1 + k] == 0) return false;
            jpeg->quant[number][k] = at[1 + k];
        }
        jpeg->read[number] = true;
        at += 65;
        size -= 65;
    }
    return true;
}

static bool read_codes(const uint8_t *at, size_t size, bw_jpeg *jpeg) {
    while (size > 0) {
        size_t total = 0;
        if (size < 17 || (at[0] & 0xec) != 0) return false;
        bw_jpeg_codes *codes = &jpeg->codes[at[0] >> 4][at[0] & 3];
        for (int length = 1; length <= 16; length++) total += codes->counts[length] = at[length];
        if (total > 256 || size < 17 + total) return false;
        memcpy(codes->symbols, at + 17, total);
        for (size_t i = 0; (at[0] >> 4) == 0 && i < total; i++)
            if (codes->symbols[i] > 15) return false;
        codes->known = true;
        at += 17 + total;
        size -= 17 + total;
    }
    return true;
}

static bool read_frame(const uint8_t *at, size_t size, bw_jpeg *jpeg) {
    if (jpeg->channels != 0 || size < 6 || at[0] != 8) return false;
    jpeg->rows = word(at + 1);
    jpeg->cols = word(at + 3);
    jpeg->channels = at[5];
    if ((jpeg->channels != 1 && jpeg->channels != 3) || size != 6 + 3 * (size_t)jpeg->channels) return false;
    jpeg->across = jpeg->channels == 3 ? at[7] >> 4 : 1;
    jpeg->down = jpeg->channels == 3 ? at[7] & 15 : 1;
    for (int part = 0; part < jpeg->channels; part++) {
        const uint8_t *p = at + 6 + 3 * part;
        if (p[0] != part + 1 || p[2] > 3) return false;
        if ((part > 0 || jpeg->channels == 1) && p[1] != 0x11) return false;
        jpeg->parts[part].quant = p[2];
    }
    bool plain = jpeg->across == 1 && jpeg->down == 1;
    if (!plain && !(jpeg->across == 2 && jpeg->down <= 2 && jpeg->down >= 1)) return false;
    return jpeg->rows >= 1 && jpeg->cols >= 8; /* narrower chroma is enlarged by another filter */
}

static bool read_scan(const uint8_t *at, size_t size, bw_jpeg *jpeg) {
    size_t channels = (size_t)jpeg->channels;
    if (channels == 0 || size != 4 + 2 * channels || at[0] != channels) return false;
    for (size_t part = 0; part < channels; part++) {
        bw_jpeg_part *p = &jpeg->parts[part];
        const uint8_t *said = at + 1 + 2 * part;
        if (said[0] != part + 1 || (said[1] & 0xcc) != 0 || !jpeg->read[p->quant]) return false;
        p->dc = said[1] >> 4;
        p->ac = said[1] & 15;
        if (!jpeg->codes[0][p->dc].known || !jpeg->codes[1][p->ac].known) return false;
        for (int k = 0; k < 64; k++) p->steps[bw_jpeg_places[k]] = jpeg->quant[p->quant][k];
    }
    at += 1 + 2 * channels;
    return at[0] == 0 && at[1] == 63 && at[2] == 0;
}

/* Adobe's word on the colours; without one, and with parts 1, 2, 3, they are YCbCr. */
static bool adobe_fits(const uint8_t *at, size_t size) {
    if (size < 5 || memcmp(at, "Adobe", 5) != 0) return true;
    return size >= 12 && at[11] == 1;
}

/* libjpeg-turbo warns of other versions than 1. */
static bool jfif_fits(const uint8_t *at, size_t size) {
    return size < 14 || memcmp(at, "JFIF", 5) != 0 || at[5] == 1;
}

static bool read_segment(int marker, const uint8_t *at, size_t size, bw_jpeg *jpeg) {
    switch (marker) {
    case 0xc0:
    case 0xc1: return read_frame(at, size, jpeg);
    case 0xc4: return read_codes(at, size, jpeg);
    case 0xdb: return read_quant(at, size, jpeg);
    case 0xda: return read_scan(at, size, jpeg);
    case 0xdd:
        jpeg->interval = size == 2 ? word(at) : 0;
        return size == 2;
    case 0xe0: return jfif_fits(at, size);
    case 0xee: return adobe_fits(at, size);
    default: return (marker >= 0xe0 && marker <= 0xef) || marker == 0xfe;
    }
}

bool bw_jpeg_open(const uint8_t *data, size_t size, bw_jpeg *jpeg) {
    memset(jpeg, 0, sizeof *jpeg);
    if (size < 4 || data[0] != 0xff || data[1] != 0xd8) return false;
    for (size_t at = 2; size - at >= 4;) {
        int marker = data[at + 1];
        size_t length = word(data + at + 2);
        if (data[at] != 0xff || length < 2 || length > size - at - 2) return false;
        if (!read_segment(marker, data + at + 4, length - 2, jpeg)) return false;
        at += 2 + length;
        if (marker == 0xda) {
            jpeg->scan = data + at;
            jpeg->scan_size = size - at;
            /* A block takes two bits at least: a small file cannot make a large picture. */
            size_t mcus = bw_jpeg_mcus(jpeg->rows, jpeg->down) * bw_jpeg_mcus(jpeg->cols, jpeg->across);
            return mcus * jpeg->across * jpeg->down <= 4 * jpeg->scan_size;
        }
    }
    return false;
}

/* The value of `size` bits, as T.81's EXTEND has it. */
static int extended(unsigned value, int size) {
    return size != 0 && value >> (size - 1) == 0 ? (int)value - (1 << size) + 1 : (int)value;
}

/* The symbol at the top of `window` with its value: bits and step and value; no bits: none fits. */
typedef struct {
    unsigned bits;
    unsigned step;
    int value;
} whole_symbol;

static whole_symbol whole(const uint16_t *first, bool dc, unsigned window, int room) {
    int length = first[window] & 255, run = first[window] >> 12, size = (first[window] >> 8) & 15;
    whole_symbol none = {0, 0, 0};
    if (length == 0 || length + size > room || size > 10 || (dc && run != 0)) return none;
    if (!dc && size == 0 && run == 0) return (whole_symbol){(unsigned)length, BW_JPEG_END, 0};
    if (size == 0 && run != 0 && run != 15) return none;
    unsigned value = window >> (BW_JPEG_LOOK - length - size) & ((1u << size) - 1);
    return (whole_symbol){(unsigned)(length + size), (unsigned)run + 1, extended(value, size)};
}

static void fill_pairs(bw_jpeg_table *table, bool dc) {
    const unsigned mask = (1u << BW_JPEG_LOOK) - 1;
    for (unsigned window = 0; window <= mask; window++) {
        whole_symbol a = whole(table->first, dc, window, BW_JPEG_LOOK), b = {0, 0, 0};
        table->pairs[window] = 0;
        if (a.bits == 0) continue;
        if (!dc && a.step != BW_JPEG_END)
            b = whole(table->first, false, window << a.bits & mask, BW_JPEG_LOOK - (int)a.bits);
        if (b.bits == 0) b.value = a.value; /* a second step of nought writes the same again */
        table->pairs[window] = (uint64_t)(a.bits + b.bits) | (uint64_t)a.bits << 8 |
                               (uint64_t)a.step << 16 | (uint64_t)b.step << 24 |
                               (uint64_t)(uint16_t)a.value << 32 | (uint64_t)(uint16_t)b.value << 48;
    }
}

static bool fill_table(const bw_jpeg_codes *codes, bool dc, bw_jpeg_table *table) {
    uint32_t code = 0;
    size_t place = 0;
    memset(table->first, 0, sizeof table->first);
    memcpy(table->symbols, codes->symbols, sizeof table->symbols);
    for (int length = 1; length <= 16; length++, code <<= 1) {
        table->shift[length] = (int32_t)place - (int32_t)code;
        for (int i = 0; i < codes->counts[length]; i++, code++, place++) {
            if (length > BW_JPEG_LOOK || code >> length != 0) continue;
            unsigned spare = BW_JPEG_LOOK - (unsigned)length;
            for (uint32_t window = code << spare; window < (code + 1) << spare; window++)
                table->first[window] = (uint16_t)(length | codes->symbols[place] << 8);
        }
        table->most[length] = codes->counts[length] != 0 ? (int32_t)code - 1 : -1;
        if (code >= 1u << length) return false; /* more codes than fit; all ones is none */
    }
    fill_pairs(table, dc);
    return true;
}

/* Copies the scan without stuffing and notes where its intervals end; false when it is odd. */
static bool unstuff(const bw_jpeg *jpeg, uint8_t *bits, size_t *ends) {
    const uint8_t *at = jpeg->scan, *end = at + jpeg->scan_size;
    uint8_t *to = bits;
    for (size_t interval = 0;;) {
        const uint8_t *mark = memchr(at, 0xff, (size_t)(end - at));
        if (mark == NULL || end - mark < 2) return false;
        size_t count = (size_t)(mark - at);
        memcpy(to, at, count);
        to += count;
        at = mark + 2;
        if (mark[1] == 0) {
            *to++ = 0xff;
        } else {
            bool last = interval + 1 == jpeg->intervals;
            if (mark[1] != (last ? 0xd9 : 0xd0 | (interval & 7))) return false;
            ends[interval++] = (size_t)(to - bits);
            if (last) break;
        }
    }
    memset(to, 0, BW_JPEG_SLACK);
    return true;
}

int bw_jpeg_decode(bw_jpeg *jpeg, bool grey, uint8_t *out) {
    size_t mcus = bw_jpeg_mcus(jpeg->rows, jpeg->down) * bw_jpeg_mcus(jpeg->cols, jpeg->across);
    jpeg->intervals = jpeg->interval != 0 ? (mcus + jpeg->interval - 1) / jpeg->interval : 1;
    if (jpeg->intervals > jpeg->scan_size) return 0; /* each ends with a marker */
    bw_jpeg_table *tables = malloc(6 * sizeof *tables);
    uint8_t *bits = malloc(jpeg->scan_size + BW_JPEG_SLACK);
    size_t *ends = malloc(jpeg->intervals * sizeof *ends);
    int result = tables != NULL && bits != NULL && ends != NULL ? 1 : -1;
    for (int part = 0; result == 1 && part < jpeg->channels; part++) {
        bw_jpeg_part *p = &jpeg->parts[part];
        /* The two chroma parts share their tables, as nearly every file has it. */
        bool shared = part == 2 && p->dc == p[-1].dc && p->ac == p[-1].ac;
        p->dc_table = shared ? p[-1].dc_table : tables + 2 * part;
        p->ac_table = shared ? p[-1].ac_table : tables + 2 * part + 1;
        if (shared) continue;
        if (!fill_table(&jpeg->codes[0][p->dc], true, tables + 2 * part)) result = 0;
        if (!fill_table(&jpeg->codes[1][p->ac], false, tables + 2 * part + 1)) result = 0;
    }
    if (result == 1 && !unstuff(jpeg, bits, ends)) result = 0;
    if (result == 1) {
        jpeg->grey = grey || jpeg->channels == 1;
        jpeg->out = out;
        jpeg->bits = bits;
        jpeg->ends = ends;
        result = bw_active()->jpeg_scan(jpeg);
    }
    free(ends);
    free(bits);
    free(tables);
    return result;
}
