/* Text folded for comparing, and its hashed features. Each step has its twin in twin_text.py. */
#include "text.h"

#define STACK 3
#define LOOSE 3
#define ROUNDS 4
#define SPACE 0x20

typedef struct {
    uint32_t start; /* in codes */
    uint32_t count;
    uint32_t gap;
    bool emoji;
} token;

/* Room for one message, kept for the thread: no allocation while messages come. */
typedef struct {
    uint32_t code[BW_FOLDED_MOST];
    uint8_t kind[BW_FOLDED_MOST];
    uint8_t script[BW_FOLDED_MOST];
    bool confusable[BW_FOLDED_MOST];
    bool within[BW_FOLDED_MOST];
    uint32_t after[BW_FOLDED_MOST];
    size_t count;
    uint32_t stacked;
    bool joins;
    uint32_t codes[BW_FOLDED_MOST];
    token tokens[BW_FOLDED_MOST];
    size_t token_count;
} desk;

static inline uint32_t cell_of(const bw_folding *table, uint32_t code) {
    size_t at = (size_t)table->blocks[code >> 8] * 256 + (code & 255);
    return at < table->cell_count ? table->cells[at] : 0;
}

/* What a table says is not believed: surrogates and numbers beyond Unicode become blanks. */
static inline bool is_character(uint32_t code) { return code < 0xD800 || (code > 0xDFFF && code < 0x110000); }

static inline bool is_digit(uint32_t code) { return code >= '0' && code <= '9'; }
static inline bool is_sign(uint32_t code) {
    return code == '@' || code == '$' || code == '!' || code == '|';
}
static inline bool is_letter(uint32_t code) { return !is_digit(code) && !is_sign(code); }

static inline uint32_t stands_for(uint32_t code) {
    switch (code) {
    case '0': return 'o';
    case '1': case '!': case '|': return 'l';
    case '3': return 'e';
    case '4': case '@': return 'a';
    case '5': case '$': return 's';
    case '7': return 't';
    default: return code;
    }
}

static bool read_one(const bw_folding *table, uint32_t code, desk *to, uint32_t *counts) {
    uint32_t cell = cell_of(table, code);
    uint32_t kind = cell & 7, script = cell >> 3 & 7;
    if (kind == BW_MARK || kind == BW_OVERLAY) {
        to->stacked++;
        counts[BW_MARKS] += kind == BW_OVERLAY || to->stacked > STACK;
        return true;
    }
    if (kind == BW_INVISIBLE) {
        counts[BW_INVISIBLES] += to->joins;
        return true;
    }
    uint32_t blank = SPACE;
    const uint32_t *target = kind == BW_BROKEN ? &blank : &code;
    size_t length = 1, start = cell >> 13, mapped = cell >> 8 & 31;
    if (kind != BW_BROKEN && mapped != 0 && start + mapped <= table->pool_count) {
        target = table->pool + start;
        length = mapped;
    }
    if (to->count + length > BW_FOLDED_MOST) return false;
    to->stacked = 0;
    to->joins = kind == BW_LETTER && script != BW_EAST && script != BW_OTHER;
    counts[BW_BROKENS] += kind == BW_BROKEN;
    counts[BW_FORMS] += cell >> 6 & 1;
    for (size_t i = 0; i < length; i++, to->count++) {
        uint32_t one = is_character(target[i]) ? target[i] : SPACE;
        to->code[to->count] = one;
        to->kind[to->count] = (uint8_t)(cell_of(table, one) & 7);
        to->script[to->count] = (uint8_t)script;
        to->confusable[to->count] = i == 0 && (cell >> 7 & 1);
    }
    return true;
}

static bool read_parts(const bw_folding *table, uint32_t code, desk *to, uint32_t *counts) {
    if (code < 0xAC00 || code >= 0xD7A4) return read_one(table, code, to, counts);
    uint32_t number = code - 0xAC00;
    return read_one(table, 0x1100 + number / 588, to, counts) &&
           read_one(table, 0x1161 + number % 588 / 28, to, counts) &&
           (number % 28 == 0 || read_one(table, 0x11A7 + number % 28, to, counts));
}

static void read_all(const bw_folding *table, const uint32_t *text, size_t count, desk *to,
                     uint32_t *counts) {
    to->count = 0;
    to->stacked = 0;
    to->joins = false;
    for (size_t i = 0; i < count; i++) {
        if (read_parts(table, text[i], to, counts)) continue;
        counts[BW_UNCOUNTED] += (uint32_t)(count - i);
        return;
    }
}

/* Which code points belong to words: letters, digits, and signs between them. */
static void mark_within(desk *at) {
    uint32_t none = (uint32_t)at->count;
    for (size_t i = at->count; i-- > 0;)
        at->after[i] = i + 1 == at->count ? none : is_sign(at->code[i + 1]) ? at->after[i + 1] : (uint32_t)(i + 1);
    for (size_t i = 0; i < at->count; i++) {
        if (!is_sign(at->code[i])) {
            at->within[i] = at->kind[i] == BW_LETTER;
            continue;
        }
        uint32_t next = at->after[i];
        bool ahead = next != none && at->kind[next] == BW_LETTER;
        bool ahead_letter = ahead && !is_digit(at->code[next]);
        bool before = i > 0 && at->within[i - 1];
        bool before_letter = before && !is_digit(at->code[i - 1]);
        at->within[i] = (before && ahead && (before_letter || ahead_letter)) ||
                        (at->code[i] == '$' && !before && ahead_letter);
    }
}

static void suspect(const desk *at, size_t start, size_t end, uint32_t *counts) {
    uint32_t scripts = 0, alike = 0, alike_here = 0;
    for (size_t i = start; i < end; i++) {
        uint8_t script = at->script[i];
        if (script != BW_NONE && script != BW_EAST) scripts |= 1u << script;
        alike += at->confusable[i];
        alike_here += at->confusable[i] && (script == BW_NONE || script == BW_LATIN);
    }
    bool mixed = (scripts & (scripts - 1)) != 0;
    counts[BW_MIXED] += mixed;
    counts[BW_CONFUSABLES] += mixed ? alike : alike_here;
}

static void split(desk *at, uint32_t *counts) {
    mark_within(at);
    memcpy(at->codes, at->code, at->count * sizeof *at->codes);
    at->token_count = 0;
    for (size_t i = 0; i < at->count;) {
        size_t start = i;
        if (at->kind[i] == BW_EMOJI) {
            at->tokens[at->token_count++] = (token){(uint32_t)i++, 1, 0, true};
        } else if (at->within[i]) {
            while (i < at->count && at->within[i]) i++;
            at->tokens[at->token_count++] = (token){(uint32_t)start, (uint32_t)(i - start), 0, false};
            suspect(at, start, i, counts);
        } else {
            i++;
            if (at->token_count > 0) at->tokens[at->token_count - 1].gap++;
        }
    }
}

/* Digits and signs for letters, and repeats, in a word that has letters. */
static void plainer(uint32_t *codes, token *word, uint32_t *counts) {
    uint32_t *at = codes + word->start;
    uint32_t first = word->count, last = 0, kept = 0, run = 0;
    for (uint32_t i = 0; i < word->count; i++) {
        if (!is_letter(at[i])) continue;
        if (first == word->count) first = i;
        last = i;
    }
    if (first == word->count) return;
    for (uint32_t i = 0; i < word->count; i++) {
        uint32_t code = stands_for(at[i]);
        counts[BW_LEET] += code != at[i] && first < i && i < last;
        if (kept > 0 && at[kept - 1] == code && !is_digit(code)) {
            run++;
            counts[BW_SQUEEZED] += run > 2;
            continue;
        }
        run = 1;
        at[kept++] = code;
    }
    word->count = kept;
}

/* Letters that stand apart as words, split where the gap is wider than the narrowest. Words keep
 * their order in `codes`, so a joined one is moved together to where its first letter stands. */
static bool join(desk *at, uint32_t *counts, bool minding) {
    size_t kept = 0;
    bool changed = false;
    for (size_t i = 0; i < at->token_count;) {
        size_t end = i;
        uint32_t letters = 0, narrow = UINT32_MAX;
        while (end < at->token_count && !at->tokens[end].emoji && at->tokens[end].count == 1) {
            letters += !is_digit(at->codes[at->tokens[end].start]);
            end++;
        }
        if (end - i < LOOSE || 2 * (size_t)letters < end - i) {
            if (end == i) end++;
            while (i < end) at->tokens[kept++] = at->tokens[i++];
            continue;
        }
        changed = true;
        counts[BW_JOINED] += (uint32_t)(end - i);
        for (size_t k = i; k + 1 < end; k++)
            if (at->tokens[k].gap < narrow) narrow = at->tokens[k].gap;
        token word = {at->tokens[i].start, 0, 0, false};
        for (; i < end; i++) {
            token one = at->tokens[i];
            at->codes[word.start + word.count++] = at->codes[one.start];
            word.gap = one.gap;
            if (i + 1 < end && !(minding && one.gap > narrow)) continue;
            at->tokens[kept++] = word;
            if (i + 1 < end) word = (token){at->tokens[i + 1].start, 0, 0, false};
        }
    }
    at->token_count = kept;
    return changed;
}

static void write_skeleton(const desk *at, bw_folded *out) {
    size_t count = 0;
    for (size_t i = 0; i < at->token_count; i++) {
        const token *one = at->tokens + i;
        size_t room = BW_TEXT_MOST - count;
        if (count > 0) {
            if (room == 0 || one->count > room - 1) break;
            out->skeleton[count++] = SPACE;
            room--;
        }
        size_t length = one->count < room ? one->count : room;
        memcpy(out->skeleton + count, at->codes + one->start, length * sizeof *out->skeleton);
        count += length;
    }
    out->skeleton_count = count;
}

void bw_fold(const bw_folding *table, const uint32_t *text, size_t count, bw_folded *out) {
    static _Thread_local desk at;
    memset(out->counts, 0, sizeof out->counts);
    read_all(table, text, count, &at, out->counts);
    memcpy(out->plain, at.code, at.count * sizeof *out->plain);
    out->plain_count = at.count;
    split(&at, out->counts);
    bool changed = true;
    for (int rounds = 0; changed; rounds++) {
        for (size_t i = 0; i < at.token_count; i++)
            if (!at.tokens[i].emoji) plainer(at.codes, at.tokens + i, out->counts);
        changed = join(&at, out->counts, rounds < ROUNDS);
    }
    write_skeleton(&at, out);
}

static inline uint64_t mixed(uint64_t value) { /* MurmurHash3's finaliser for 64 bits */
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCDu;
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53u;
    return value ^ value >> 33;
}

#define SEED 0xCBF29CE484222325u
#define WORD_SEED 0x9AE16A3B2F90404Fu
#define PRIME 0x100000001B3u
#define GOLDEN 0x9E3779B97F4A7C15u
#define WORD 7

uint64_t bw_text_key(const uint32_t *text, size_t count) {
    uint64_t value = SEED;
    for (size_t i = 0; i < count; i++) value = (value ^ text[i]) * PRIME;
    return mixed(value);
}

typedef struct {
    uint64_t seen[(1u << BW_FEATURE_BITS) / 64]; /* all zero between calls */
    uint32_t *out;
    size_t count;
    int shift;
} found;

static inline void add(found *to, uint64_t value) {
    uint32_t index = (uint32_t)(mixed(value) >> to->shift);
    uint64_t bit = 1ull << (index & 63);
    if (to->seen[index >> 6] & bit) return;
    to->seen[index >> 6] |= bit;
    to->out[to->count++] = index;
}

size_t bw_text_features(const uint32_t *text, size_t count, int bits, uint32_t *out) {
    static _Thread_local found to;
    static _Thread_local uint32_t codes[BW_FOLDED_MOST + 2];
    if (count == 0) return 0;
    codes[0] = codes[count + 1] = SPACE;
    memcpy(codes + 1, text, count * sizeof *codes);
    to.out = out;
    to.count = 0;
    to.shift = 64 - bits;
    for (size_t start = 0; start < count + 2; start++) {
        uint64_t value = SEED;
        for (size_t n = 1; n <= 5 && start + n <= count + 2; n++) {
            value = (value ^ codes[start + n - 1]) * PRIME;
            if (n > 1) add(&to, value ^ (uint64_t)n * GOLDEN);
        }
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t word = WORD_SEED;
        size_t start = i;
        for (; i < count && text[i] != SPACE; i++) word = (word ^ text[i]) * PRIME;
        if (i > start) add(&to, word ^ (uint64_t)WORD * GOLDEN);
    }
    for (size_t i = 0; i < to.count; i++) to.seen[out[i] >> 6] = 0;
    return to.count;
}
