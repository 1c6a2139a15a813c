/* JPEG for Python: a file's bytes in, pixels into a buffer of the caller. */
#include "jpeg.h"
#include "objects.h"

#define MOST_PIXELS INT32_MAX

PyObject *bw_py_jpeg_shape(PyObject *self, PyObject *data) {
    (void)self;
    Py_buffer view;
    bw_jpeg jpeg;
    if (bw_get(data, &view, "data", 1, false) != 0) return NULL;
    bool known = bw_jpeg_open(view.buf, (size_t)view.len, &jpeg) && jpeg.rows <= MOST_PIXELS / jpeg.cols;
    PyBuffer_Release(&view);
    if (!known) Py_RETURN_NONE;
    return Py_BuildValue("(nni)", (Py_ssize_t)jpeg.rows, (Py_ssize_t)jpeg.cols, jpeg.channels);
}

static PyObject *decoded(const Py_buffer *data, bool grey, const Py_buffer *out) {
    bw_jpeg jpeg;
    int result = 0;
    Py_BEGIN_ALLOW_THREADS
    if (bw_jpeg_open(data->buf, (size_t)data->len, &jpeg) && jpeg.rows <= MOST_PIXELS / jpeg.cols) {
        size_t samples = jpeg.rows * jpeg.cols * (grey || jpeg.channels == 1 ? 1 : 3);
        result = (size_t)out->len == samples ? bw_jpeg_decode(&jpeg, grey, out->buf) : -2;
    }
    Py_END_ALLOW_THREADS
    if (result == -1) return PyErr_NoMemory();
    if (result == -2) {
        PyErr_SetString(PyExc_ValueError, "out must hold exactly the picture's samples");
        return NULL;
    }
    return PyBool_FromLong(result);
}

PyObject *bw_py_jpeg_pixels(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer data, out;
    if (!bw_count_args("jpeg_pixels", count, 3)) return NULL;
    int grey = PyObject_IsTrue(args[1]);
    if (grey < 0 || bw_get(args[0], &data, "data", 1, false) != 0) return NULL;
    if (bw_get(args[2], &out, "out", 1, true) != 0) {
        PyBuffer_Release(&data);
        return NULL;
    }
    PyObject *found = decoded(&data, grey != 0, &out);
    PyBuffer_Release(&out);
    PyBuffer_Release(&data);
    return found;
}
