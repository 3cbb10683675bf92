/* SPDX-License-Identifier: Apache-2.0
 *
 * The convolution backend `onednn`: Intel's library for deep neural networks, in float32 (by Winograd's method
 * where that is faster) and bfloat16, with ReLU as a post-operation.
 *
 * Features lie in NHWC, which is what the library asks for on AVX-512 and AMX, with a margin for the border. So a
 * band of rows together with what the kernel sees above and below is one run of memory, and no pass is spent
 * on padding. The workers of the pool take one band after the other and have the library compute it with one
 * thread: its own threads (OpenMP's) would compete with the pool's, and spin while others work. Where the
 * library would rather have another layout, a worker brings its band to that and back.
 */
#ifdef SOL_HAVE_ONEDNN

#define _GNU_SOURCE /* RTLD_DEFAULT */

#include "nn/conv.h"

#include "base/cpu.h"
#include "base/error.h"
#include "nn/onednn_api.h"
#include "nn/ops.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

enum {
    WINOGRAD_CHANNELS = 32, /* of the input: from so many on Winograd's method pays, with AVX-512 */
    BAND_BYTES = 512 << 10, /* of a band's input, about: half of a core's second-level cache */
    WINOGRAD_BYTES = 2 << 20, /* the same by Winograd's method, which reads weights four times as large */
    BAND_STEP = 4           /* rows: whole tiles of Winograd's method */
};

/* One of the library's computations of a band, and the layouts that it wants. */
typedef struct Band {
    int rows;
    dnnl_primitive_t primitive;
    dnnl_memory_t weights;
    void *prepared;          /* weights, in the library's layout */
    SolLayout in, out;
    bool staged;             /* those are not how features lie */
    size_t staging[2], scratch; /* bytes for its input and output where it is staged, and for itself */
} Band;

/* The memory objects that a worker points at its band. */
typedef struct Worker {
    dnnl_memory_t in[2], out[2], scratch[2]; /* for either band */
} Worker;

/* How the calling thread's share of the library's own threads is read and set. */
typedef struct Threading {
    int (*get)(void);
    void (*set)(int threads);
} Threading;

typedef struct State {
    Threading threading;
    dnnl_engine_t engine;
    dnnl_stream_t stream;    /* for the weights */
    Band bands[2];           /* all but the last; the last, where that has fewer rows */
    int count;               /* of bands in a picture */
    dnnl_memory_t bias;
    float *bias_values;
    int worker_count;
    Worker *workers;
    dnnl_stream_t *streams;  /* [worker_count] */
} State;

/* ---- what the processor offers ---- */

static void limit_instruction_sets(void)
{
    unsigned flags = sol_cpu_flags();
    dnnl_cpu_isa_t isa = flags & SOL_CPU_AMX      ? 0
                         : flags & SOL_CPU_BF16   ? dnnl_cpu_isa_avx512_core_bf16
                         : flags & SOL_CPU_AVX512 ? dnnl_cpu_isa_avx512_core
                         : flags & SOL_CPU_AVX2   ? dnnl_cpu_isa_avx2
                                                  : dnnl_cpu_isa_sse41;
    if (isa)
        dnnl_set_max_cpu_isa(isa);
}

/* Whether the library may use all of an instruction set: the processor has it and nothing hides it. */
static bool offers(dnnl_cpu_isa_t isa)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, limit_instruction_sets);
    return (dnnl_get_effective_cpu_isa() & isa) == isa;
}

static bool supports(const SolConvShape *s)
{
    return !sol_conv_resizes(s) && s->in_channels <= SOL_BLOCK_MAX && s->out_channels <= SOL_BLOCK_MAX &&
           offers(s->element == SOL_BFLOAT16 ? dnnl_cpu_isa_avx512_core : dnnl_cpu_isa_sse41);
}

/*
 * AMX multiplies bfloat16 several times as fast as anything multiplies float32. Elsewhere the backend `blas`, whose
 * transforms have borders, pooling and upsampling within, is as fast or faster (docs/performance.md).
 */
static bool pays(const SolConvShape *s)
{
    return s->element == SOL_BFLOAT16 && offers(dnnl_cpu_isa_avx512_core_amx) && s->in_channels >= 16 &&
           s->out_channels >= 16;
}

static bool winograd_pays(const SolConvShape *s)
{
    return s->element == SOL_FLOAT32 && s->kernel == 3 && s->in_channels >= WINOGRAD_CHANNELS &&
           offers(dnnl_cpu_isa_avx512_core);
}

/* ---- one thread ---- */

/* The OpenMP runtime whose threads the library uses; all NULL where it was built with other threads or none. */
static Threading find_threading(void)
{
    Threading t = {0};
#if DNNL_CPU_THREADING_RUNTIME == DNNL_RUNTIME_OMP
    /* Compilers have different ones. The first one loaded is the one that the library's own calls find, too. */
    *(void **)&t.get = dlsym(RTLD_DEFAULT, "omp_get_max_threads");
    *(void **)&t.set = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
#endif
    return t.get && t.set ? t : (Threading){0};
}

/* Makes the library use `threads` threads when the calling thread asks it for something. Returns the number before. */
static int use_threads(const Threading *t, int threads)
{
    int before = t->get ? t->get() : threads;
    if (t->set)
        t->set(threads);
    return before;
}

/* ---- planning ---- */

static int margin_of(const SolConvShape *s)
{
    return s->kernel > 2 ? s->kernel / 2 : 1; /* 1x1 kernels leave their neighbours' margin */
}

static SolLayout nhwc(const SolConvShape *s, int channels)
{
    return (SolLayout){.block = channels, .margin = margin_of(s), .element = s->element};
}

/* The layout that the library chose for a band of this width, in our terms; false where they cannot express it. */
static bool read_layout(DnnlDescView desc, int channels, int height, int width, SolLayout *layout)
{
    dnnl_dim_t block;
    DnnlBlocking b;
    if (!dnnl_blocking(desc, &b) || b.block_count > 1 || (b.block_count == 1 && b.block_dims[0] != 1))
        return false;
    block = b.block_count == 1 ? b.blocks[0] : b.strides[1] == 1 ? channels : 1;
    if (block > SOL_BLOCK_MAX || b.strides[3] != block || b.strides[2] != width * block ||
        (channels > block && b.strides[1] != (dnnl_dim_t)height * width * block))
        return false;
    layout->block = (int)block;
    return true;
}

/* Rows and columns of a band's input and output: without staging, rows as they lie in memory, with their margin. */
typedef struct Extent {
    int in_height, in_width, out_height, out_width;
    int across; /* zeros that the library has to put left and right */
} Extent;

static Extent extent_of(const SolConvShape *s, int rows, bool staged)
{
    int margin = margin_of(s), half = s->kernel / 2;
    return (Extent){.in_height = rows + 2 * half,
                    .in_width = s->width + 2 * (staged ? half : margin),
                    .out_height = rows,
                    .out_width = s->width + (staged ? 0 : 2 * margin),
                    .across = staged ? 0 : half};
}

/* Describes the convolution of a band; `tag` is how its input and output are to lie, or dnnl_format_tag_any. */
static bool describe(const SolConvShape *s, Extent e, dnnl_alg_kind_t algorithm, dnnl_format_tag_t tag,
                     dnnl_engine_t engine, dnnl_primitive_desc_t *to)
{
    const dnnl_dims_t in = {1, s->in_channels, e.in_height, e.in_width};
    const dnnl_dims_t out = {1, s->out_channels, e.out_height, e.out_width};
    const dnnl_dims_t weights = {s->out_channels, s->in_channels, s->kernel, s->kernel}, bias = {s->out_channels};
    dnnl_data_type_t type = s->element == SOL_BFLOAT16 ? dnnl_bf16 : dnnl_f32;
    DnnlConvolution c = {.algorithm = algorithm, .across = e.across};
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_post_ops_t ops = NULL;
    bool done = dnnl_describe(&c.in, 4, in, type, tag) && dnnl_describe(&c.out, 4, out, type, tag) &&
                dnnl_describe(&c.weights, 4, weights, type, dnnl_format_tag_any) &&
                dnnl_describe(&c.bias, 1, bias, dnnl_f32, dnnl_a) &&
                dnnl_primitive_attr_create(&attributes) == dnnl_success &&
                dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user) == dnnl_success;
    if (done && s->relu)
        done = dnnl_post_ops_create(&ops) == dnnl_success && dnnl_append_relu(ops) == dnnl_success &&
               dnnl_primitive_attr_set_post_ops(attributes, ops) == dnnl_success;
    done = done && dnnl_describe_convolution(to, &c, engine, attributes) == dnnl_success;
    if (ops)
        dnnl_post_ops_destroy(ops);
    if (attributes)
        dnnl_primitive_attr_destroy(attributes);
    dnnl_forget(&c.in);
    dnnl_forget(&c.weights);
    dnnl_forget(&c.bias);
    dnnl_forget(&c.out);
    return done;
}

/* One way to have a band computed. */
typedef struct Way {
    dnnl_alg_kind_t algorithm;
    dnnl_format_tag_t tag;
    bool staged;
} Way;

/* Tries a way, and reads the layouts that it asks for. Features that are not staged must lie in NHWC. */
static bool try_way(const SolConvShape *s, Way way, dnnl_engine_t engine, Band *band, dnnl_primitive_desc_t *to)
{
    Extent e = extent_of(s, band->rows, way.staged);
    SolLayout in = {.element = s->element}, out = in;
    dnnl_primitive_desc_t desc = NULL;
    if (!describe(s, e, way.algorithm, way.tag, engine, &desc))
        return false;
    if (!read_layout(dnnl_primitive_desc_query_md(desc, dnnl_query_src_md, 0), s->in_channels, e.in_height, e.in_width,
                     &in) ||
        !read_layout(dnnl_primitive_desc_query_md(desc, dnnl_query_dst_md, 0), s->out_channels, e.out_height,
                     e.out_width, &out) ||
        (!way.staged && (in.block != s->in_channels || out.block != s->out_channels)) ||
        !sol_features_bytes((SolShape){s->in_channels, e.in_height, e.in_width}, in, &band->staging[0]) ||
        !sol_features_bytes((SolShape){s->out_channels, e.out_height, e.out_width}, out, &band->staging[1])) {
        dnnl_primitive_desc_destroy(desc);
        return false;
    }
    band->staged = way.staged;
    band->in = in;
    band->out = out;
    *to = desc;
    return true;
}

/* Winograd where it pays; else what the library likes best, if that is NHWC; else that, staged; else NHWC. */
static bool choose(const SolConvShape *s, dnnl_engine_t engine, Band *band, dnnl_primitive_desc_t *to)
{
    static const Way ways[] = {
        {dnnl_convolution_winograd, dnnl_format_tag_any, true},
        {dnnl_convolution_direct, dnnl_format_tag_any, false},
        {dnnl_convolution_direct, dnnl_format_tag_any, true},
        {dnnl_convolution_direct, dnnl_nhwc, false},
    };
    for (size_t i = winograd_pays(s) ? 0 : 1; i < sizeof ways / sizeof ways[0]; i++)
        if (try_way(s, ways[i], engine, band, to))
            return true;
    return false;
}

static bool make_memory(dnnl_memory_t *to, dnnl_engine_t engine, dnnl_primitive_desc_t desc, dnnl_query_t what,
                        int index)
{
    return dnnl_memory_create(to, dnnl_primitive_desc_query_md(desc, what, index), engine, DNNL_MEMORY_NONE) ==
           dnnl_success;
}

/* Brings the weights into the layout and the numbers that the primitive wants. */
static bool reorder_weights(const SolConv *conv, const State *state, const Band *band, DnnlDescView wanted)
{
    const SolConvShape *s = &conv->shape;
    const dnnl_dims_t dims = {s->out_channels, s->in_channels, s->kernel, s->kernel};
    void *values = (void *)(uintptr_t)conv->weights; /* only read */
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, NULL}, {DNNL_ARG_TO, band->weights}};
    dnnl_primitive_desc_t desc = NULL;
    dnnl_primitive_t reorder = NULL;
    DnnlDesc ours = {0};
    bool done = dnnl_describe(&ours, 4, dims, dnnl_f32, dnnl_oihw) &&
                dnnl_memory_create(&arguments[0].memory, dnnl_view(&ours), state->engine, values) == dnnl_success &&
                dnnl_reorder_primitive_desc_create(&desc, dnnl_view(&ours), state->engine, wanted, state->engine,
                                                   NULL) == dnnl_success &&
                dnnl_primitive_create(&reorder, desc) == dnnl_success &&
                dnnl_primitive_execute(reorder, state->stream, 2, arguments) == dnnl_success &&
                dnnl_stream_wait(state->stream) == dnnl_success;
    if (reorder)
        dnnl_primitive_destroy(reorder);
    if (desc)
        dnnl_primitive_desc_destroy(desc);
    if (arguments[0].memory)
        dnnl_memory_destroy(arguments[0].memory);
    dnnl_forget(&ours);
    return done;
}

/* Makes band number `i`'s primitive, its weights, and its memory objects. */
static bool plan_band(SolConv *conv, State *state, int i, int rows)
{
    Band *band = &state->bands[i];
    dnnl_primitive_desc_t desc = NULL;
    DnnlDescView weights;
    bool done;
    band->rows = rows;
    if (!choose(&conv->shape, state->engine, band, &desc))
        return false;
    weights = dnnl_primitive_desc_query_md(desc, dnnl_query_weights_md, 0);
    band->scratch = dnnl_memory_desc_get_size(dnnl_primitive_desc_query_md(desc, dnnl_query_scratchpad_md, 0));
    conv->prepared += dnnl_memory_desc_get_size(weights);
    if (!conv->weights) {
        dnnl_primitive_desc_destroy(desc);
        return true;
    }
    band->prepared = sol_alloc(dnnl_memory_desc_get_size(weights), 1);
    done = band->prepared && make_memory(&band->weights, state->engine, desc, dnnl_query_weights_md, 0) &&
           dnnl_memory_set_data_handle(band->weights, band->prepared) == dnnl_success &&
           reorder_weights(conv, state, band, weights) &&
           dnnl_primitive_create(&band->primitive, desc) == dnnl_success;
    if (done && !state->bias)
        done = make_memory(&state->bias, state->engine, desc, dnnl_query_weights_md, 1) &&
               dnnl_memory_set_data_handle(state->bias, state->bias_values) == dnnl_success;
    for (int w = 0; w < state->worker_count && done; w++)
        done = make_memory(&state->workers[w].in[i], state->engine, desc, dnnl_query_src_md, 0) &&
               make_memory(&state->workers[w].out[i], state->engine, desc, dnnl_query_dst_md, 0) &&
               make_memory(&state->workers[w].scratch[i], state->engine, desc, dnnl_query_scratchpad_md, 0);
    dnnl_primitive_desc_destroy(desc);
    return done;
}

/* Rows of a band: a rule over the shape alone, so that results do not depend on the number of threads. */
static int band_rows(const SolConvShape *s)
{
    size_t row = ((size_t)s->width + 2) * (size_t)s->in_channels * sol_element_size(s->element);
    size_t rows = (winograd_pays(s) ? WINOGRAD_BYTES : BAND_BYTES) / row / BAND_STEP * BAND_STEP;
    rows = rows < BAND_STEP ? BAND_STEP : rows;
    return rows > (size_t)s->height ? s->height : (int)rows;
}

static size_t whole_lines(size_t bytes)
{
    return (bytes + SOL_ALIGNMENT - 1) / SOL_ALIGNMENT * SOL_ALIGNMENT;
}

/* Bytes of one worker: room for a staged band, and the library's own. */
static size_t worker_bytes(const State *state)
{
    size_t most = 0;
    for (int i = 0; i < 2; i++) {
        const Band *band = &state->bands[i];
        size_t bytes = whole_lines(band->scratch);
        if (band->staged)
            bytes += whole_lines(band->staging[0]) + whole_lines(band->staging[1]);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static bool plan_bands(SolConv *conv, State *state)
{
    const SolConvShape *s = &conv->shape;
    int rows = band_rows(s), rest = s->height % rows;
    bool done = dnnl_engine_create(&state->engine, dnnl_cpu, 0) == dnnl_success &&
                dnnl_stream_create(&state->stream, state->engine, dnnl_stream_default_flags) == dnnl_success;
    for (int w = 0; w < state->worker_count && done; w++)
        done = dnnl_stream_create(&state->streams[w], state->engine, dnnl_stream_default_flags) == dnnl_success;
    state->count = s->height / rows + (rest > 0);
    return done && plan_band(conv, state, 0, rows) && (rest == 0 || plan_band(conv, state, 1, rest));
}

static int plan(SolConv *conv)
{
    const SolConvShape *s = &conv->shape;
    State *state = conv->state = sol_calloc(1, sizeof *state);
    int threads = sol_pool_threads(conv->pool), before;
    bool done;
    if (!state || !(state->workers = sol_calloc((size_t)threads, sizeof *state->workers)) ||
        !(state->streams = sol_calloc((size_t)threads, sizeof(void *))) ||
        !(state->bias_values = sol_calloc((size_t)s->out_channels, sizeof *state->bias_values)))
        return sol_fail_memory("a convolution");
    state->worker_count = threads;
    if (conv->bias)
        memcpy(state->bias_values, conv->bias, (size_t)s->out_channels * sizeof *conv->bias);
    conv->in = nhwc(s, s->in_channels);
    conv->out = nhwc(s, s->out_channels);
    state->threading = find_threading();
    before = use_threads(&state->threading, 1);
    done = plan_bands(conv, state);
    use_threads(&state->threading, before);
    if (!done || !sol_mul(worker_bytes(state), (size_t)threads, &conv->scratch))
        return sol_fail(SOL_ERR_NOMEM, "oneDNN cannot plan a %dx%d convolution from %d to %d channels at %dx%d",
                        s->kernel, s->kernel, s->in_channels, s->out_channels, s->width, s->height);
    return SOL_OK;
}

/* ---- running ---- */

typedef struct Run {
    const SolConv *conv;
    SolFeatures in, out;
    char *scratch;
} Run;

/* Rows y0..y0+rows-1 of features in NHWC; their margin above and below is what lies there. */
static SolFeatures rows_of(const SolFeatures *f, int y0, int rows)
{
    SolFeatures view = *f;
    view.data = (char *)f->data + (sol_features_offset(f, 0, y0) - sol_features_offset(f, 0, 0)) *
                                      sol_element_size(f->layout.element);
    view.shape.height = rows;
    return view;
}

/* Brings a band, with the `half` rows and columns around it that the kernel sees, into the library's layout. */
static void stage_in(const SolFeatures *in, int half, const Band *band, void *to)
{
    SolShape shape = {in->shape.channels, in->shape.height + 2 * half, in->shape.width + 2 * half};
    SolFeatures from = *in, staged = {to, shape, band->in};
    /* the same memory as a picture that includes them, in a margin that is thinner by them */
    from.shape = shape;
    from.layout.margin -= half;
    from.data = (char *)in->data;
    sol_op_convert(NULL, &from, &staged);
}

static void run_band(const Run *r, int number, int w)
{
    const SolConvShape *s = &r->conv->shape;
    const State *state = r->conv->state;
    int y0 = number * state->bands[0].rows, i = s->height - y0 < state->bands[0].rows ? 1 : 0, half = s->kernel / 2;
    const Band *band = &state->bands[i];
    const Worker *worker = &state->workers[w];
    SolFeatures in = rows_of(&r->in, y0, band->rows), out = rows_of(&r->out, y0, band->rows);
    char *own = r->scratch + (size_t)w * worker_bytes(state), *scratch = own;
    size_t margin_in = (size_t)in.layout.margin * (size_t)in.layout.block * sol_element_size(in.layout.element);
    size_t margin_out = (size_t)out.layout.margin * (size_t)out.layout.block * sol_element_size(out.layout.element);
    void *from = (char *)sol_features_row(&in, 0, -half) - margin_in, *to = (char *)sol_features_row(&out, 0, 0) - margin_out;
    const dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, worker->in[i]}, {DNNL_ARG_WEIGHTS, band->weights},       {DNNL_ARG_BIAS, state->bias},
        {DNNL_ARG_DST, worker->out[i]}, {DNNL_ARG_SCRATCHPAD, worker->scratch[i]},
    };
    if (band->staged) {
        from = own;
        to = own + whole_lines(band->staging[0]);
        scratch = own + whole_lines(band->staging[0]) + whole_lines(band->staging[1]);
        stage_in(&in, half, band, from);
    }
    dnnl_memory_set_data_handle(worker->in[i], from);
    dnnl_memory_set_data_handle(worker->out[i], to);
    dnnl_memory_set_data_handle(worker->scratch[i], scratch);
    dnnl_primitive_execute(band->primitive, state->streams[w], sizeof arguments / sizeof arguments[0], arguments);
    dnnl_stream_wait(state->streams[w]);
    if (band->staged) {
        SolFeatures staged = {to, out.shape, band->out};
        sol_op_convert(NULL, &staged, &out);
    }
}

static void work(void *context, int band, int worker)
{
    const Run *r = context;
    const State *state = r->conv->state;
    int before = use_threads(&state->threading, 1);
    run_band(r, band, worker);
    use_threads(&state->threading, before);
}

static void run(const SolConv *conv, const SolConvData *data, void *scratch)
{
    const SolConvShape *s = &conv->shape;
    const State *state = conv->state;
    Run r = {.conv = conv,
             .in = {data->in, {s->in_channels, s->height, s->width}, conv->in},
             .out = {data->out, {s->out_channels, s->height, s->width}, conv->out},
             .scratch = scratch};
    if (s->kernel > 1)
        sol_op_fill_margin(conv->pool, &r.in, s->border);
    sol_pool_run_workers(conv->pool, work, &r, state->count);
}

static void drop(dnnl_memory_t memory)
{
    if (memory)
        dnnl_memory_destroy(memory);
}

static void release_state(State *state)
{
    for (int i = 0; i < 2; i++) {
        if (state->bands[i].primitive)
            dnnl_primitive_destroy(state->bands[i].primitive);
        drop(state->bands[i].weights);
        sol_free(state->bands[i].prepared);
    }
    for (int w = 0; w < state->worker_count; w++) {
        for (int i = 0; i < 2; i++) {
            drop(state->workers[w].in[i]);
            drop(state->workers[w].out[i]);
            drop(state->workers[w].scratch[i]);
        }
        if (state->streams[w])
            dnnl_stream_destroy(state->streams[w]);
    }
    drop(state->bias);
    if (state->stream)
        dnnl_stream_destroy(state->stream);
    if (state->engine)
        dnnl_engine_destroy(state->engine);
    sol_free(state->workers);
    sol_free(state->streams);
    sol_free(state->bias_values);
    sol_free(state);
}

static void release(SolConv *conv)
{
    if (conv->state)
        release_state(conv->state);
}

const SolConvBackend sol_conv_onednn = {"onednn", supports, pays, plan, run, release, NULL};

#else
typedef int sol_no_onednn; /* a translation unit may not be empty */
#endif
