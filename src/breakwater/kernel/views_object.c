/* Views of frames for Python: every size and range is checked here. */
#include "objects.h"

#include <stdlib.h>

#define MOST_SIDE 4096
#define MOST_MAPS 4096

static bool open_luma(PyObject *pixels, Py_buffer *view, const char *name, bw_picture *picture) {
    if (bw_get(pixels, view, name, 1, false) != 0) return false;
    if (view->ndim == 2 && view->shape[0] > 0 && view->shape[1] > 0 &&
        view->shape[0] <= INT32_MAX / view->shape[1]) {
        *picture = (bw_picture){view->buf, (size_t)view->shape[0], (size_t)view->shape[1], 1};
        return true;
    }
    PyErr_Format(PyExc_ValueError, "%s must have the shape (rows, columns), none zero", name);
    PyBuffer_Release(view);
    return false;
}

static bool open_box(PyObject *tuple, const bw_picture *picture, bw_box *box) {
    Py_ssize_t top, bottom, left, right;
    if (!PyArg_ParseTuple(tuple, "nnnn", &top, &bottom, &left, &right)) return false;
    if (0 <= top && top < bottom && (size_t)bottom <= picture->rows && 0 <= left && left < right &&
        (size_t)right <= picture->cols) {
        *box = (bw_box){(size_t)top, (size_t)bottom, (size_t)left, (size_t)right};
        return true;
    }
    PyErr_SetString(PyExc_ValueError, "the box must lie inside pixels of the shape (rows, columns)");
    return false;
}

PyObject *bw_py_shrink(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer view;
    bw_picture picture;
    bw_box box;
    long rows, columns;
    if (!bw_count_args("shrink", count, 4) || !bw_long_arg(args[2], "rows", 1, MOST_SIDE, &rows) ||
        !bw_long_arg(args[3], "columns", 1, MOST_SIDE, &columns) ||
        !open_luma(args[0], &view, "pixels", &picture))
        return NULL;
    PyObject *bytes = NULL;
    if (PyTuple_Check(args[1]) && open_box(args[1], &picture, &box)) {
        bytes = PyBytes_FromStringAndSize(NULL, rows * columns);
        if (bytes != NULL) {
            uint8_t *out = (uint8_t *)PyBytes_AsString(bytes);
            int failed;
            Py_BEGIN_ALLOW_THREADS
            failed = bw_shrink(&picture, &box, (size_t)rows, (size_t)columns, out);
            Py_END_ALLOW_THREADS
            if (failed) {
                Py_CLEAR(bytes);
                PyErr_NoMemory();
            }
        }
    } else if (!PyErr_Occurred()) {
        PyErr_SetString(PyExc_TypeError, "the box must be a tuple of four numbers");
    }
    PyBuffer_Release(&view);
    return bytes;
}

static bool maps_fit(const Py_buffer *view, size_t *count) {
    const float *values = view->buf;
    bool fine = view->ndim == 2 && view->shape[1] == 6 && view->shape[0] <= MOST_MAPS;
    for (Py_ssize_t i = 0; fine && i < view->len / 4; i++) fine = values[i] >= -1e6f && values[i] <= 1e6f;
    if (fine) *count = (size_t)view->shape[0];
    else PyErr_SetString(PyExc_ValueError, "affines must have the shape (n, 6), finite");
    return fine;
}

PyObject *bw_py_view_hashes(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer view, maps;
    bw_picture small;
    size_t wanted;
    PyObject *answer = NULL;
    if (!bw_count_args("view_hashes", count, 2) || !open_luma(args[0], &view, "small", &small)) return NULL;
    if (bw_get(args[1], &maps, "affines", 4, false) != 0) {
        PyBuffer_Release(&view);
        return NULL;
    }
    if (maps_fit(&maps, &wanted)) {
        uint8_t *out = malloc(33 * wanted + 1);
        int failed = out == NULL;
        if (!failed) {
            Py_BEGIN_ALLOW_THREADS
            failed = bw_view_hashes(&small, maps.buf, wanted, out, out + 32 * wanted);
            Py_END_ALLOW_THREADS
        }
        answer = failed ? PyErr_NoMemory()
                        : Py_BuildValue("(y#y#)", (const char *)out, (Py_ssize_t)(32 * wanted),
                                        (const char *)out + 32 * wanted, (Py_ssize_t)wanted);
        free(out);
    }
    PyBuffer_Release(&maps);
    PyBuffer_Release(&view);
    return answer;
}
