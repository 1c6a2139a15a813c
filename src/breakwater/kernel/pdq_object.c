/* PDQ for Python: pixels in as a C-contiguous uint8 buffer, hashes out as bytes. */
#include "objects.h"

#define MOST_PIXELS INT32_MAX /* the reference counts pixels in an int */

static bool open_picture(PyObject *pixels, Py_buffer *view, bw_picture *picture) {
    if (bw_get(pixels, view, "pixels", 1, false) != 0) return false;
    bool fine = view->ndim == 2 || (view->ndim == 3 && view->shape[2] == 3);
    if (fine) fine = view->shape[0] > 0 && view->shape[1] > 0;
    if (fine && view->shape[0] <= MOST_PIXELS / view->shape[1]) {
        *picture = (bw_picture){view->buf, (size_t)view->shape[0], (size_t)view->shape[1],
                                view->ndim == 3 ? 3 : 1};
        return true;
    }
    if (fine) PyErr_Format(PyExc_ValueError, "a picture must have at most %d pixels", MOST_PIXELS);
    else PyErr_SetString(PyExc_ValueError, "pixels must have the shape (rows, columns) or (rows, columns, 3), none zero");
    PyBuffer_Release(view);
    return false;
}

static PyObject *hashed(PyObject *pixels, bool dihedral) {
    Py_buffer view;
    bw_picture picture;
    bw_pdq out;
    int failed;
    if (!open_picture(pixels, &view, &picture)) return NULL;
    Py_BEGIN_ALLOW_THREADS
    failed = bw_pdq_hash(&picture, dihedral, &out);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    if (failed) return PyErr_NoMemory();
    return Py_BuildValue("(y#i)", (const char *)out.hash, (Py_ssize_t)(dihedral ? 256 : 32), out.quality);
}

PyObject *bw_py_pdq(PyObject *self, PyObject *pixels) {
    (void)self;
    return hashed(pixels, false);
}

PyObject *bw_py_pdq_dihedral(PyObject *self, PyObject *pixels) {
    (void)self;
    return hashed(pixels, true);
}

PyObject *bw_py_luma64(PyObject *self, PyObject *pixels) {
    (void)self;
    Py_buffer view;
    bw_picture picture;
    float luma[4096];
    int failed;
    if (!open_picture(pixels, &view, &picture)) return NULL;
    Py_BEGIN_ALLOW_THREADS
    failed = bw_pdq_luma(&picture, luma);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    if (failed) return PyErr_NoMemory();
    return PyBytes_FromStringAndSize((const char *)luma, sizeof luma);
}

PyObject *bw_py_pdq_probe(PyObject *self, PyObject *pixels) {
    (void)self;
    Py_buffer view;
    bw_picture picture;
    bw_pdq out;
    float fast[4096], exact[4096];
    int failed;
    if (!open_picture(pixels, &view, &picture)) return NULL;
    Py_BEGIN_ALLOW_THREADS
    failed = bw_active()->luma_fast(&picture, fast) || bw_active()->luma_exact(&picture, exact) ||
             bw_pdq_hash(&picture, false, &out);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    if (failed) return PyErr_NoMemory();
    return Py_BuildValue("(y#y#O)", (const char *)fast, (Py_ssize_t)sizeof fast, (const char *)exact,
                         (Py_ssize_t)sizeof exact, out.exact_path ? Py_True : Py_False);
}

PyObject *bw_py_pdq_from_luma64(PyObject *self, PyObject *luma) {
    (void)self;
    Py_buffer view;
    bw_pdq out;
    memset(&out, 0, sizeof out);
    if (bw_get(luma, &view, "luma", 4, false) != 0) return NULL;
    bool fine = view.len == 4096 * 4;
    const float *values = view.buf;
    for (int i = 0; fine && i < 4096; i++) fine = values[i] >= -1e6f && values[i] <= 1e6f;
    if (fine) bw_pdq_from_luma(values, false, &out);
    PyBuffer_Release(&view);
    if (!fine) {
        PyErr_SetString(PyExc_ValueError, "luma must be 64 x 64 finite float32 values");
        return NULL;
    }
    return Py_BuildValue("(y#i)", (const char *)out.hash, (Py_ssize_t)32, out.quality);
}
