/* What the Python-facing C files share: the limited API, checked buffers, and hits as bytes. */
#ifndef BREAKWATER_OBJECTS_H
#define BREAKWATER_OBJECTS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "kernel.h"

/* A C-contiguous buffer of exactly `itemsize` a unit; the name goes into the error. */
int bw_get(PyObject *object, Py_buffer *view, const char *name, Py_ssize_t itemsize, bool writable);
int bw_get_optional(PyObject *object, Py_buffer *view, const char *name);
bool bw_long_arg(PyObject *object, const char *name, long low, long high, long *value);
bool bw_count_args(const char *name, Py_ssize_t given, Py_ssize_t wanted);
PyObject *bw_hits_as_pair(const bw_hits *hits);
PyObject *bw_hits_as_triple(const bw_hits *hits);

extern PyType_Spec bw_ring_spec;
PyObject *bw_py_ring_build(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *bw_py_scan(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *bw_py_pdq(PyObject *self, PyObject *pixels);
PyObject *bw_py_pdq_dihedral(PyObject *self, PyObject *pixels);
PyObject *bw_py_luma64(PyObject *self, PyObject *pixels);
PyObject *bw_py_pdq_from_luma64(PyObject *self, PyObject *luma);
PyObject *bw_py_pdq_probe(PyObject *self, PyObject *pixels);
PyObject *bw_py_jpeg_shape(PyObject *self, PyObject *data);
PyObject *bw_py_jpeg_pixels(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *bw_py_shrink(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *bw_py_view_hashes(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *bw_py_text_fold(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *bw_py_text_features(PyObject *self, PyObject *const *args, Py_ssize_t count);
PyObject *bw_py_text_weigh(PyObject *self, PyObject *const *args, Py_ssize_t count);

#endif
