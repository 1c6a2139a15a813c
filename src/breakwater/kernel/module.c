/* The extension module: which variant runs, and the argument checks all functions share. */
#include "jpeg.h"
#include "objects.h"

static const bw_variant *active_variant = &bw_portable;

const bw_variant *bw_active(void) { return active_variant; }

/* The variants this processor can run, best first. */
static int list_variants(const bw_variant **out) {
    int count = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("avx512vpopcntdq") &&
        __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
        out[count++] = &bw_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") &&
        __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2"))
        out[count++] = &bw_avx2;
#elif defined(__aarch64__)
    out[count++] = &bw_neon;
#endif
    out[count++] = &bw_portable;
    return count;
}

int bw_get(PyObject *object, Py_buffer *view, const char *name, Py_ssize_t itemsize, bool writable) {
    int flags = PyBUF_ND | PyBUF_C_CONTIGUOUS | (writable ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(object, view, flags) != 0) return -1;
    if (view->itemsize != itemsize) {
        PyErr_Format(PyExc_TypeError, "%s needs items of %zd bytes, got %zd", name, itemsize, view->itemsize);
        PyBuffer_Release(view);
        return -1;
    }
    if ((uintptr_t)view->buf % (uintptr_t)itemsize != 0) {
        PyErr_Format(PyExc_ValueError, "%s is not aligned to its items", name);
        PyBuffer_Release(view);
        return -1;
    }
    return 0;
}

int bw_get_optional(PyObject *object, Py_buffer *view, const char *name) {
    memset(view, 0, sizeof *view);
    return object == Py_None ? 0 : bw_get(object, view, name, 1, false);
}

bool bw_long_arg(PyObject *object, const char *name, long low, long high, long *value) {
    *value = PyLong_AsLong(object);
    if (*value == -1 && PyErr_Occurred()) return false;
    if (*value >= low && *value <= high) return true;
    PyErr_Format(PyExc_ValueError, "%s must be %ld to %ld, got %ld", name, low, high, *value);
    return false;
}

bool bw_count_args(const char *name, Py_ssize_t given, Py_ssize_t wanted) {
    if (given == wanted) return true;
    PyErr_Format(PyExc_TypeError, "%s takes %zd arguments, got %zd", name, wanted, given);
    return false;
}

/* One column of the hits as bytes in native order: 4 bytes a query or row, 2 a distance. */
static PyObject *column(const bw_hits *hits, int which) {
    size_t width = which == 2 ? 2 : 4;
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(hits->count * width));
    if (bytes == NULL) return NULL;
    char *to = PyBytes_AsString(bytes);
    for (size_t i = 0; i < hits->count; i++, to += width) {
        uint16_t distance = (uint16_t)hits->items[i].distance;
        if (which == 2) memcpy(to, &distance, 2);
        else memcpy(to, which == 0 ? &hits->items[i].query : &hits->items[i].row, 4);
    }
    return bytes;
}

static PyObject *columns(const bw_hits *hits, int first) {
    PyObject *tuple = PyTuple_New(3 - first);
    for (int which = first; tuple != NULL && which < 3; which++) {
        PyObject *bytes = column(hits, which);
        if (bytes == NULL) Py_CLEAR(tuple);
        else PyTuple_SetItem(tuple, which - first, bytes);
    }
    return tuple;
}

PyObject *bw_hits_as_pair(const bw_hits *hits) { return columns(hits, 1); }
PyObject *bw_hits_as_triple(const bw_hits *hits) { return columns(hits, 0); }

static PyObject *py_use(PyObject *self, PyObject *name) {
    (void)self;
    const bw_variant *found[4];
    int count = list_variants(found);
    for (int i = 0; i < count; i++) {
        if (PyUnicode_CompareWithASCIIString(name, found[i]->name) == 0) {
            active_variant = found[i];
            Py_RETURN_NONE;
        }
    }
    PyErr_Format(PyExc_ValueError, "this processor has no kernel variant %R", name);
    return NULL;
}

static PyObject *py_variants(PyObject *self, PyObject *unused) {
    (void)self;
    (void)unused;
    const bw_variant *found[4];
    int count = list_variants(found);
    PyObject *names = PyTuple_New(count);
    for (int i = 0; names != NULL && i < count; i++) {
        PyObject *name = PyUnicode_FromString(found[i]->name);
        if (name == NULL) Py_CLEAR(names);
        else PyTuple_SetItem(names, i, name);
    }
    return names;
}

static PyObject *py_variant(PyObject *self, PyObject *unused) {
    (void)self;
    (void)unused;
    return PyUnicode_FromString(active_variant->name);
}

static PyMethodDef methods[] = {
    {"use", py_use, METH_O, "Run the named variant from now on."},
    {"variant", py_variant, METH_NOARGS, "The name of the variant that runs."},
    {"variants", py_variants, METH_NOARGS, "The variants this processor can run, best first."},
    {"ring_build", (PyCFunction)(void (*)(void))bw_py_ring_build, METH_FASTCALL,
     "ring_build(codes, width, off, key, ids): fill the arrays of a ring index."},
    {"scan", (PyCFunction)(void (*)(void))bw_py_scan, METH_FASTCALL,
     "scan(codes, width, queries, radius): linear search; (queries, rows, distances) as bytes."},
    {"pdq", bw_py_pdq, METH_O, "pdq(pixels): (hash, quality)."},
    {"pdq_dihedral", bw_py_pdq_dihedral, METH_O, "pdq_dihedral(pixels): (eight hashes, quality)."},
    {"pdq_probe", bw_py_pdq_probe, METH_O,
     "pdq_probe(pixels): (fast luma, faithful luma, whether pdq needed the faithful one)."},
    {"luma64", bw_py_luma64, METH_O, "luma64(pixels): 64 x 64 floats as bytes."},
    {"pdq_from_luma64", bw_py_pdq_from_luma64, METH_O, "pdq_from_luma64(luma): (hash, quality)."},
    {"jpeg_shape", bw_py_jpeg_shape, METH_O, "jpeg_shape(data): (rows, columns, channels), or None."},
    {"jpeg_pixels", (PyCFunction)(void (*)(void))bw_py_jpeg_pixels, METH_FASTCALL,
     "jpeg_pixels(data, grey, out): whether out now holds the pixels."},
    {"shrink", (PyCFunction)(void (*)(void))bw_py_shrink, METH_FASTCALL,
     "shrink(pixels, box, rows, columns): the means of a part's cells as bytes."},
    {"view_hashes", (PyCFunction)(void (*)(void))bw_py_view_hashes, METH_FASTCALL,
     "view_hashes(small, affines): (hashes, qualities) of a small picture through affine maps."},
    {"text_fold", (PyCFunction)(void (*)(void))bw_py_text_fold, METH_FASTCALL,
     "text_fold(blocks, cells, pool, text): (skeleton, folded text, ten counts, key)."},
    {"text_features", (PyCFunction)(void (*)(void))bw_py_text_features, METH_FASTCALL,
     "text_features(text, bits): distinct hashed n-grams and words as ascending 4-byte numbers."},
    {"text_weigh", (PyCFunction)(void (*)(void))bw_py_text_weigh, METH_FASTCALL,
     "text_weigh(text, bits, weights): (sum of the features' weights, features)."},
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module) {
    const bw_variant *found[4];
    bw_masks_init();
    bw_pdq_init();
    bw_jpeg_init();
    list_variants(found);
    active_variant = found[0];
    PyObject *type = PyType_FromSpec(&bw_ring_spec);
    if (type == NULL) return -1;
    int result = PyModule_AddObjectRef(module, "Ring", type);
    Py_DECREF(type);
    return result;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute}, {0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "breakwater.kernel._kernel", "Compiled loops; see breakwater.kernel.", 0,
    methods, slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void) { return PyModuleDef_Init(&definition); }
