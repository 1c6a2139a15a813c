/* Folding of text for comparing, and its hashed features; pure C on code points.
 *
 * The steps and their order stand in twin_text.py, which gives the same answers; the tables are
 * comments/folding.txt as comments/folding.py lays them out.
 */
#ifndef BREAKWATER_TEXT_H
#define BREAKWATER_TEXT_H

#include "kernel.h"

#define BW_TEXT_MOST 4096  /* code points of a message that are read */
#define BW_FOLDED_MOST 8192 /* code points it may become */
#define BW_COUNTS 10
#define BW_FEATURE_BITS 18
#define BW_FEATURES_MOST (5 * (BW_FOLDED_MOST + 2))

enum { BW_GAP, BW_LETTER, BW_MARK, BW_OVERLAY, BW_INVISIBLE, BW_EMOJI, BW_BROKEN };
enum { BW_NONE, BW_LATIN, BW_CYRILLIC, BW_GREEK, BW_EAST, BW_OTHER };
enum { BW_INVISIBLES, BW_MARKS, BW_CONFUSABLES, BW_FORMS, BW_JOINED, BW_LEET, BW_SQUEEZED,
       BW_MIXED, BW_BROKENS, BW_UNCOUNTED };

/* blocks: for each 256 code points the block of cells; a cell: kind (3 bits), script (3), form,
 * confusable, length of the mapping (5; 0: itself) and its place in the pool (19). */
typedef struct {
    const uint16_t *blocks;
    const uint32_t *cells;
    const uint32_t *pool;
    size_t cell_count;
    size_t pool_count;
} bw_folding;

typedef struct {
    uint32_t plain[BW_FOLDED_MOST + 1];
    uint32_t skeleton[BW_FOLDED_MOST + 1];
    size_t plain_count;
    size_t skeleton_count;
    uint32_t counts[BW_COUNTS];
} bw_folded;

void bw_fold(const bw_folding *table, const uint32_t *text, size_t count, bw_folded *out);
uint64_t bw_text_key(const uint32_t *text, size_t count);
/* Distinct features, in no order; `out` holds BW_FEATURES_MOST. */
size_t bw_text_features(const uint32_t *text, size_t count, int bits, uint32_t *out);

#endif
