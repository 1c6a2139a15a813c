/* The Ring type over borrowed buffers, and the functions that build and scan.
 *
 * Every shape is checked here: the loops below trust sizes. Bucket starts are checked once, when a
 * Ring is made; row numbers are checked where they are used, so a damaged file gives wrong answers
 * at worst, never a read outside the buffers.
 */
#include "objects.h"

#include <stdlib.h>

enum { CODES, OFF, KEY, IDS, VERIFY, VIEWS };

typedef struct {
    PyObject_HEAD
    Py_buffer views[VIEWS];
    bw_ring ring;
} ring_object;

static bool bands_of(PyObject *width, uint32_t *bands) {
    long value;
    if (!bw_long_arg(width, "width", 64, 256, &value)) return false;
    if (value == 64 || value == 256) {
        *bands = (uint32_t)value / 16;
        return true;
    }
    PyErr_Format(PyExc_ValueError, "width must be 64 or 256, got %ld", value);
    return false;
}

static bool exact_length(const Py_buffer *view, const char *name, size_t wanted) {
    if ((size_t)view->len == wanted) return true;
    PyErr_Format(PyExc_ValueError, "%s needs %zu bytes, got %zd", name, wanted, view->len);
    return false;
}

static bool rows_of(const Py_buffer *view, const char *name, size_t stride, size_t *rows) {
    *rows = (size_t)view->len / stride;
    if ((size_t)view->len % stride == 0 && *rows < UINT32_MAX) return true;
    PyErr_Format(PyExc_ValueError, "%s is not a whole number of %zu-byte rows below 2**32", name, stride);
    return false;
}

static bool arrays_fit(const Py_buffer *views, uint32_t bands, size_t rows) {
    return exact_length(&views[OFF], "off", bands * (size_t)BW_OFFSETS * 4) &&
           exact_length(&views[KEY], "key", bands * rows * 2) &&
           exact_length(&views[IDS], "ids", bands * rows * 4);
}

static bool starts_ascend(const bw_ring *ring) {
    for (uint32_t band = 0; band < ring->bands; band++) {
        const uint32_t *off = ring->off + band * (size_t)BW_OFFSETS;
        bool fine = off[0] == 0 && off[BW_BUCKETS] == ring->rows;
        for (uint32_t bucket = 0; bucket < BW_BUCKETS; bucket++) fine &= off[bucket] <= off[bucket + 1];
        if (fine) continue;
        PyErr_Format(PyExc_ValueError, "the bucket starts of band %u are damaged", band);
        return false;
    }
    return true;
}

static bool open_ring(ring_object *self) {
    Py_buffer *views = self->views;
    bw_ring *ring = &self->ring;
    if (!rows_of(&views[CODES], "codes", 2 * ring->bands, &ring->rows)) return false;
    if (!arrays_fit(views, ring->bands, ring->rows)) return false;
    if (views[VERIFY].obj != NULL &&
        !exact_length(&views[VERIFY], "verify", ring->rows * BW_VERIFY_BYTES))
        return false;
    ring->codes = views[CODES].buf;
    ring->off = views[OFF].buf;
    ring->key = views[KEY].buf;
    ring->ids = views[IDS].buf;
    ring->verify = views[VERIFY].obj == NULL ? NULL : views[VERIFY].buf;
    return starts_ascend(ring);
}

static PyObject *ring_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    PyObject *codes, *off, *key, *ids, *width, *verify = Py_None;
    if (kwargs != NULL && PyDict_Size(kwargs) != 0) {
        PyErr_SetString(PyExc_TypeError, "Ring takes positional arguments only");
        return NULL;
    }
    if (!PyArg_UnpackTuple(args, "Ring", 5, 6, &codes, &off, &key, &ids, &width, &verify)) return NULL;
    uint32_t bands;
    if (!bands_of(width, &bands)) return NULL;
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    ring_object *self = (ring_object *)allocate(type, 0);
    if (self == NULL) return NULL;
    self->ring.bands = bands;
    if (bw_get(codes, &self->views[CODES], "codes", 1, false) != 0 ||
        bw_get(off, &self->views[OFF], "off", 4, false) != 0 ||
        bw_get(key, &self->views[KEY], "key", 2, false) != 0 ||
        bw_get(ids, &self->views[IDS], "ids", 4, false) != 0 ||
        bw_get_optional(verify, &self->views[VERIFY], "verify") != 0 || !open_ring(self)) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void ring_dealloc(PyObject *object) {
    ring_object *self = (ring_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    for (int i = 0; i < VIEWS; i++)
        if (self->views[i].obj != NULL) PyBuffer_Release(&self->views[i]);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

/* ---- searching --------------------------------------------------------------------------- */

typedef struct {
    Py_buffer queries, tombstones, verify;
    bw_search search;
    bw_hits hits;
} request;

static void request_close(request *r) {
    if (r->queries.obj != NULL) PyBuffer_Release(&r->queries);
    if (r->tombstones.obj != NULL) PyBuffer_Release(&r->tombstones);
    if (r->verify.obj != NULL) PyBuffer_Release(&r->verify);
    free(r->hits.items);
}

static bool open_verify(request *r, const bw_ring *ring, PyObject *verify, PyObject *limit) {
    long value;
    if (bw_get_optional(verify, &r->verify, "verify queries") != 0) return false;
    r->search.verify_limit = -1;
    if (r->verify.obj == NULL) return true;
    if (!bw_long_arg(limit, "verify limit", 0, 256, &value)) return false;
    if (ring->verify == NULL) {
        PyErr_SetString(PyExc_ValueError, "this ring has no 256-bit copy to verify on");
        return false;
    }
    r->search.verify_queries = r->verify.buf;
    r->search.verify_limit = (int)value;
    return exact_length(&r->verify, "verify queries", r->search.query_count * BW_VERIFY_BYTES);
}

/* args: queries (None: the ring's own rows), radius, tombstones, verify queries, verify limit. */
static bool request_open(request *r, const bw_ring *ring, PyObject *const *args) {
    long radius;
    size_t stride = 2 * (size_t)ring->bands;
    memset(r, 0, sizeof *r);
    r->search.ring = ring;
    r->search.hits = &r->hits;
    if (!bw_long_arg(args[1], "radius", 0, bw_most_radius((int)ring->bands), &radius)) return false;
    r->search.radius = (int)radius;
    bw_plan_fill(&r->search.plan, ring->bands, r->search.radius);
    if (args[0] == Py_None) {
        r->search.later_only = true;
        r->search.queries = ring->codes;
        r->search.query_count = ring->rows;
    } else {
        if (bw_get(args[0], &r->queries, "queries", 1, false) != 0) return false;
        if (!rows_of(&r->queries, "queries", stride, &r->search.query_count)) return false;
        r->search.queries = r->queries.buf;
    }
    if (bw_get_optional(args[2], &r->tombstones, "tombstones") != 0) return false;
    if (r->tombstones.obj != NULL) {
        if ((size_t)r->tombstones.len < (ring->rows + 7) / 8) {
            PyErr_SetString(PyExc_ValueError, "tombstones needs one bit for every row");
            return false;
        }
        r->search.tombstones = r->tombstones.buf;
    }
    return open_verify(r, ring, args[3], args[4]);
}

static bool one_query(const request *r) {
    if (r->search.query_count == 1) return true;
    PyErr_SetString(PyExc_ValueError, "search takes one query; search_batch takes several");
    return false;
}

/* Searches radius by radius until `most` hits are known: near neighbours cost few probes. */
static int run_single(bw_search *search, bool nearest, size_t most) {
    int (*run)(bw_search *) = bw_active()->search;
    int radius = search->radius;
    if (nearest && radius > (int)search->ring->bands - 1 && search->verify_limit < 0) {
        search->radius = (int)search->ring->bands - 1;
        bw_plan_fill(&search->plan, search->ring->bands, search->radius);
        if (run(search) != 0) return -1;
        if (search->hits->count < most) {
            search->hits->count = 0;
            search->radius = radius;
            bw_plan_fill(&search->plan, search->ring->bands, radius);
            if (run(search) != 0) return -1;
        }
    } else if (run(search) != 0) {
        return -1;
    }
    bw_hits_sort(search->hits, 0);
    if (most && search->hits->count > most) search->hits->count = most;
    return 0;
}

static PyObject *single(ring_object *self, PyObject *const *args, size_t most, bool nearest) {
    request r;
    PyObject *answer = NULL;
    if (request_open(&r, &self->ring, args) && one_query(&r)) {
        int failed;
        r.search.most = nearest ? 0 : most;
        Py_BEGIN_ALLOW_THREADS
        failed = run_single(&r.search, nearest, most);
        Py_END_ALLOW_THREADS
        answer = failed ? PyErr_NoMemory() : bw_hits_as_pair(&r.hits);
    }
    request_close(&r);
    return answer;
}

static PyObject *ring_search(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    if (!bw_count_args("search", count, 5)) return NULL;
    return single((ring_object *)self, args, 0, false);
}

static PyObject *ring_first(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    if (!bw_count_args("first", count, 5)) return NULL;
    return single((ring_object *)self, args, 1, false);
}

static PyObject *ring_nearest(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    long most;
    if (!bw_count_args("nearest", count, 6) || !bw_long_arg(args[5], "k", 1, INT32_MAX, &most)) return NULL;
    return single((ring_object *)self, args, (size_t)most, true);
}

#define FEW_QUERIES 1024 /* below it, visiting every bucket costs more than it saves */

/* Few queries one after another, many in bucket order. */
static int run_batch(bw_search *search) {
    if (search->later_only || search->query_count > FEW_QUERIES) return bw_active()->search_batch(search);
    bw_hits *hits = search->hits;
    bw_search one = *search;
    one.query_count = 1;
    for (size_t query = 0; query < search->query_count; query++) {
        size_t known = hits->count;
        one.queries = search->queries + query * 2 * search->ring->bands;
        if (search->verify_queries != NULL)
            one.verify_queries = search->verify_queries + query * BW_VERIFY_BYTES;
        if (bw_active()->search(&one) != 0) return -1;
        bw_hits_sort(hits, known);
        for (size_t at = known; at < hits->count; at++) hits->items[at].query = (uint32_t)query;
    }
    return 0;
}

static PyObject *ring_search_batch(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    request r;
    PyObject *answer = NULL;
    if (!bw_count_args("search_batch", count, 5)) return NULL;
    if (request_open(&r, &((ring_object *)self)->ring, args)) {
        int failed;
        Py_BEGIN_ALLOW_THREADS
        failed = run_batch(&r.search);
        Py_END_ALLOW_THREADS
        answer = failed ? PyErr_NoMemory() : bw_hits_as_triple(&r.hits);
    }
    request_close(&r);
    return answer;
}

static PyMethodDef ring_methods[] = {
    {"search", (PyCFunction)(void (*)(void))ring_search, METH_FASTCALL, "All rows within the radius."},
    {"first", (PyCFunction)(void (*)(void))ring_first, METH_FASTCALL, "Any one row within the radius."},
    {"nearest", (PyCFunction)(void (*)(void))ring_nearest, METH_FASTCALL, "The k nearest rows."},
    {"search_batch", (PyCFunction)(void (*)(void))ring_search_batch, METH_FASTCALL,
     "All (query, row) pairs; without queries the ring's own pairs."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot ring_slots[] = {
    {Py_tp_new, ring_new},
    {Py_tp_dealloc, ring_dealloc},
    {Py_tp_methods, ring_methods},
    {Py_tp_doc, (void *)"Ring(codes, off, key, ids, width, verify=None): a view over an index."},
    {0, NULL},
};

PyType_Spec bw_ring_spec = {
    "breakwater.kernel._kernel.Ring", sizeof(ring_object), 0, Py_TPFLAGS_DEFAULT, ring_slots,
};

/* ---- functions --------------------------------------------------------------------------- */

PyObject *bw_py_ring_build(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer views[VIEWS] = {{0}};
    uint32_t bands;
    size_t rows;
    int failed = 0;
    if (!bw_count_args("ring_build", count, 5) || !bands_of(args[1], &bands)) return NULL;
    bool fine = bw_get(args[0], &views[CODES], "codes", 1, false) == 0 &&
                bw_get(args[2], &views[OFF], "off", 4, true) == 0 &&
                bw_get(args[3], &views[KEY], "key", 2, true) == 0 &&
                bw_get(args[4], &views[IDS], "ids", 4, true) == 0 &&
                rows_of(&views[CODES], "codes", 2 * bands, &rows) && arrays_fit(views, bands, rows);
    if (fine) {
        Py_BEGIN_ALLOW_THREADS
        failed = bw_ring_build(views[CODES].buf, rows, bands, views[OFF].buf, views[KEY].buf, views[IDS].buf);
        Py_END_ALLOW_THREADS
        if (failed) PyErr_NoMemory();
    }
    for (int i = 0; i < VIEWS; i++)
        if (views[i].obj != NULL) PyBuffer_Release(&views[i]);
    if (!fine || failed) return NULL;
    Py_RETURN_NONE;
}

PyObject *bw_py_scan(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer codes = {0}, queries = {0};
    bw_hits hits = {0};
    bw_scan scan = {.hits = &hits};
    uint32_t bands;
    long radius;
    PyObject *answer = NULL;
    if (!bw_count_args("scan", count, 4) || !bands_of(args[1], &bands) ||
        !bw_long_arg(args[3], "radius", 0, 256, &radius))
        return NULL;
    scan.words = bands / 4;
    scan.radius = (int)radius;
    if (bw_get(args[0], &codes, "codes", 1, false) == 0 &&
        bw_get(args[2], &queries, "queries", 1, false) == 0 &&
        rows_of(&codes, "codes", 2 * bands, &scan.rows) &&
        rows_of(&queries, "queries", 2 * bands, &scan.query_count)) {
        int failed;
        scan.codes = codes.buf;
        scan.queries = queries.buf;
        Py_BEGIN_ALLOW_THREADS
        failed = bw_active()->scan(&scan);
        Py_END_ALLOW_THREADS
        answer = failed ? PyErr_NoMemory() : bw_hits_as_triple(&hits);
    }
    if (codes.obj != NULL) PyBuffer_Release(&codes);
    if (queries.obj != NULL) PyBuffer_Release(&queries);
    free(hits.items);
    return answer;
}
