/* Folding and features of text for Python: every size is checked here. The limited API shows no
 * string's storage, so code points are copied out, and answers come back as UTF-8. */
#include "objects.h"
#include "text.h"

#include <stdlib.h>

/* At most `most` code points of a string; the count, or -1. `length`: all it has. */
static Py_ssize_t code_points(PyObject *text, uint32_t *out, Py_ssize_t most, Py_ssize_t *length) {
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "the text must be a string");
        return -1;
    }
    *length = PyUnicode_GetLength(text);
    if (*length < 0) return -1;
    if (*length <= most) return PyUnicode_AsUCS4(text, out, most + 1, 0) == NULL ? -1 : *length;
    PyObject *head = PyUnicode_Substring(text, 0, most);
    if (head == NULL) return -1;
    Py_UCS4 *copied = PyUnicode_AsUCS4(head, out, most + 1, 0);
    Py_DECREF(head);
    return copied == NULL ? -1 : most;
}

/* Nothing folded is a lone surrogate, so every code point has its UTF-8. */
static PyObject *as_string(const uint32_t *codes, size_t count) {
    static _Thread_local char bytes[4 * BW_FOLDED_MOST];
    char *to = bytes;
    for (size_t i = 0; i < count; i++) {
        uint32_t code = codes[i];
        if (code < 0x80) {
            *to++ = (char)code;
        } else if (code < 0x800) {
            *to++ = (char)(0xC0 | code >> 6);
            *to++ = (char)(0x80 | (code & 63));
        } else if (code < 0x10000) {
            *to++ = (char)(0xE0 | code >> 12);
            *to++ = (char)(0x80 | (code >> 6 & 63));
            *to++ = (char)(0x80 | (code & 63));
        } else {
            *to++ = (char)(0xF0 | code >> 18);
            *to++ = (char)(0x80 | (code >> 12 & 63));
            *to++ = (char)(0x80 | (code >> 6 & 63));
            *to++ = (char)(0x80 | (code & 63));
        }
    }
    return PyUnicode_FromStringAndSize(bytes, to - bytes);
}

static PyObject *answer(const bw_folded *folded) {
    PyObject *counts = PyTuple_New(BW_COUNTS);
    for (int i = 0; counts != NULL && i < BW_COUNTS; i++) {
        PyObject *number = PyLong_FromUnsignedLong(folded->counts[i]);
        if (number == NULL) Py_CLEAR(counts);
        else PyTuple_SetItem(counts, i, number);
    }
    if (counts == NULL) return NULL;
    PyObject *skeleton = as_string(folded->skeleton, folded->skeleton_count);
    PyObject *plain = skeleton == NULL ? NULL : as_string(folded->plain, folded->plain_count);
    if (plain == NULL) {
        Py_XDECREF(skeleton);
        Py_DECREF(counts);
        return NULL;
    }
    return Py_BuildValue("(NNNK)", skeleton, plain, counts,
                         (unsigned long long)bw_text_key(folded->skeleton, folded->skeleton_count));
}

static bool open_table(PyObject *const *args, Py_buffer views[3], bw_folding *table) {
    if (bw_get(args[0], &views[0], "blocks", 2, false) != 0) return false;
    if (bw_get(args[1], &views[1], "cells", 4, false) == 0) {
        if (bw_get(args[2], &views[2], "pool", 4, false) == 0) {
            if (views[0].len == 2 * 0x1100) {
                *table = (bw_folding){views[0].buf, views[1].buf, views[2].buf,
                                      (size_t)views[1].len / 4, (size_t)views[2].len / 4};
                return true;
            }
            PyErr_SetString(PyExc_ValueError, "blocks must have 4352 items");
            PyBuffer_Release(&views[2]);
        }
        PyBuffer_Release(&views[1]);
    }
    PyBuffer_Release(&views[0]);
    return false;
}

PyObject *bw_py_text_fold(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    static _Thread_local uint32_t text[BW_TEXT_MOST + 1];
    static _Thread_local bw_folded folded;
    Py_buffer views[3];
    bw_folding table;
    Py_ssize_t length;
    if (!bw_count_args("text_fold", count, 4)) return NULL;
    Py_ssize_t read = code_points(args[3], text, BW_TEXT_MOST, &length);
    if (read < 0 || !open_table(args, views, &table)) return NULL;
    bw_fold(&table, text, (size_t)read, &folded);
    size_t uncounted = folded.counts[BW_UNCOUNTED] + (size_t)(length - read);
    folded.counts[BW_UNCOUNTED] = uncounted > UINT32_MAX ? UINT32_MAX : (uint32_t)uncounted;
    for (int i = 0; i < 3; i++) PyBuffer_Release(&views[i]);
    return answer(&folded);
}

static bool features_of(PyObject *text, PyObject *bits, uint32_t **out, size_t *count, long *width) {
    static _Thread_local uint32_t codes[BW_FOLDED_MOST + 1], features[BW_FEATURES_MOST];
    Py_ssize_t length;
    if (!bw_long_arg(bits, "bits", 8, BW_FEATURE_BITS, width)) return false;
    Py_ssize_t read = code_points(text, codes, BW_FOLDED_MOST, &length);
    if (read < 0) return false;
    if (length > BW_FOLDED_MOST) {
        PyErr_Format(PyExc_ValueError, "the text has more than %d code points", BW_FOLDED_MOST);
        return false;
    }
    *count = bw_text_features(codes, (size_t)read, (int)*width, features);
    *out = features;
    return true;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

PyObject *bw_py_text_features(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    uint32_t *features;
    size_t found;
    long bits;
    if (!bw_count_args("text_features", count, 2) ||
        !features_of(args[0], args[1], &features, &found, &bits))
        return NULL;
    qsort(features, found, sizeof *features, ascending);
    return PyBytes_FromStringAndSize((const char *)features, (Py_ssize_t)(found * sizeof *features));
}

PyObject *bw_py_text_weigh(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    uint32_t *features;
    size_t found;
    long bits;
    Py_buffer view;
    if (!bw_count_args("text_weigh", count, 3) ||
        !features_of(args[0], args[1], &features, &found, &bits) ||
        bw_get(args[2], &view, "weights", 2, false) != 0)
        return NULL;
    if (view.len != (Py_ssize_t)2 << bits) {
        PyErr_SetString(PyExc_ValueError, "weights must have 2**bits items");
        PyBuffer_Release(&view);
        return NULL;
    }
    const int16_t *weights = view.buf;
    long long sum = 0;
    for (size_t i = 0; i < found; i++) sum += weights[features[i]];
    PyBuffer_Release(&view);
    return Py_BuildValue("(Ln)", sum, (Py_ssize_t)found);
}
