/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of convolution backends, and what is the same for all of them: checking a shape and
 * choosing who computes it.
 */
#include "nn/conv.h"

#include "base/error.h"

#include <limits.h>
#include <string.h>

extern const SolConvBackend sol_conv_onednn, sol_conv_blas, sol_conv_reference;

/* In order of preference. */
static const SolConvBackend *const backends[] = {
#ifdef SOL_HAVE_ONEDNN
    &sol_conv_onednn,
#endif
    &sol_conv_blas,
    &sol_conv_reference,
};

enum { BACKENDS = sizeof backends / sizeof backends[0] };

const SolConvBackend *sol_conv_backend_at(int i)
{
    return i >= 0 && i < BACKENDS ? backends[i] : NULL;
}

const SolConvBackend *sol_conv_backend(const char *name)
{
    for (int i = 0; i < BACKENDS; i++)
        if (strcmp(backends[i]->name, name) == 0)
            return backends[i];
    return NULL;
}

SolShape sol_conv_output(const SolConvShape *s)
{
    int stride = sol_conv_stride(s), lost = s->border == SOL_BORDER_VALID ? s->kernel - 1 : 0;
    int height = s->height - lost, width = s->width - lost;
    if (s->transposed)
        return (SolShape){s->out_channels, s->height > INT_MAX / 2 ? INT_MAX : 2 * s->height,
                          s->width > INT_MAX / 2 ? INT_MAX : 2 * s->width};
    return (SolShape){s->out_channels, height / stride + height % stride, width / stride + width % stride};
}

int sol_conv_before(const SolConvShape *s, int side)
{
    if (s->transposed)
        return s->kernel > 2 ? (s->kernel - 2) / 2 : 0;
    if (s->border == SOL_BORDER_VALID)
        return 0;
    if (s->border == SOL_BORDER_SAME && s->stride == 2 && side % 2 == 0) /* the outputs see one row less */
        return s->kernel > 2 ? (s->kernel - 2) / 2 : 0;
    return s->kernel / 2;
}

/* Matrix libraries count in int: a plane, and a kernel over all inputs, must fit one. */
static bool shape_is_sound(const SolConvShape *s)
{
    SolShape out;
    size_t plane, taps;
    if (s->in_channels < 1 || s->out_channels < 1 || s->height < 1 || s->width < 1 || s->kernel < 1)
        return false;
    out = sol_conv_output(s);
    return s->kernel % 2 == 1 && out.height >= 1 && out.width >= 1 &&
           sol_mul((size_t)s->height, (size_t)s->width, &plane) && plane <= INT_MAX &&
           sol_mul((size_t)out.height, (size_t)out.width, &plane) && plane <= INT_MAX &&
           sol_mul((size_t)s->kernel, (size_t)s->kernel, &taps) && taps <= INT_MAX &&
           sol_mul((size_t)s->in_channels, taps, &taps) && taps <= INT_MAX;
}

const SolConvBackend *sol_conv_choose(const SolConvShape *shape)
{
    const SolConvBackend *able = NULL;
    for (int i = BACKENDS - 1; i >= 0; i--)
        if (backends[i]->supports(shape) && (!able || backends[i]->pays(shape)))
            able = backends[i];
    return able;
}

bool sol_conv_is_fused(const SolConvShape *shape)
{
    return shape->upsample || shape->added || shape->pooling != SOL_POOLING_NONE;
}

bool sol_conv_fuses(const SolConvBackend *backend, const SolConvShape *shape)
{
    if (!backend && shape_is_sound(shape))
        backend = sol_conv_choose(shape);
    return backend && shape_is_sound(shape) && backend->supports(shape) &&
           (!sol_conv_is_fused(shape) || (backend->fuses && backend->fuses(shape)));
}

static int refuse(const SolConvBackend *backend, const SolConvShape *shape)
{
    const char *name = backend ? backend->name : "no backend of this build";
    if (shape->element == SOL_BFLOAT16)
        return sol_fail(SOL_ERR_ARGUMENT, "%s %s in bfloat16 on this processor: choose the precision auto or float32",
                        name, backend ? "cannot multiply" : "multiplies");
    return sol_fail(SOL_ERR_ARGUMENT, "%s %s a %dx%d convolution%s from %d to %d channels%s", name,
                    backend ? "cannot compute" : "computes", shape->kernel, shape->kernel,
                    shape->transposed                   ? ", transposed,"
                    : shape->stride == 2                ? " with stride 2"
                    : shape->border == SOL_BORDER_VALID ? " without a border"
                                                        : "",
                    shape->in_channels, shape->out_channels,
                    sol_conv_is_fused(shape) ? ", fused with its neighbours" : "");
}

int sol_conv_plan(SolConv **out, const SolConvBackend *backend, const SolConvShape *shape, const float *weights,
                  const float *bias, SolPool *pool)
{
    SolConv *conv;
    int result;
    if (!shape_is_sound(shape))
        return sol_fail(SOL_ERR_ARGUMENT,
                        "a %dx%d convolution from %d to %d channels at %dx%d pixels cannot be planned", shape->kernel,
                        shape->kernel, shape->in_channels, shape->out_channels, shape->width,
                        shape->height);
    if (!backend)
        backend = sol_conv_choose(shape);
    if (!backend || !sol_conv_fuses(backend, shape))
        return refuse(backend, shape);
    conv = sol_calloc(1, sizeof *conv);
    if (!conv)
        return sol_fail_memory("a convolution");
    *conv = (SolConv){.backend = backend, .shape = *shape, .weights = weights, .bias = bias, .pool = pool,
                      .in = SOL_PLANES, .out = SOL_PLANES};
    result = backend->plan(conv);
    if (result != SOL_OK) {
        sol_conv_close(&conv);
        return result;
    }
    *out = conv;
    return SOL_OK;
}

SolElement sol_conv_best_element(const SolConvBackend *backend, const SolConvShape *shape)
{
    SolConvShape half = *shape;
    const SolConvBackend *best;
    half.element = SOL_BFLOAT16;
    best = backend ? backend : sol_conv_choose(&half);
    return best && best->supports(&half) && best->pays(&half) ? SOL_BFLOAT16 : SOL_FLOAT32;
}

void sol_conv_run(const SolConv *conv, const SolConvData *data, void *scratch)
{
    conv->backend->run(conv, data, scratch);
}

double sol_conv_macs(const SolConvShape *s)
{
    SolShape out = sol_conv_output(s);
    double pixels = s->transposed ? (double)s->height * s->width : (double)out.height * out.width;
    return (double)s->in_channels * s->out_channels * s->kernel * s->kernel * pixels;
}

void sol_conv_close(SolConv **out)
{
    SolConv *conv = *out;
    if (!conv)
        return;
    conv->backend->release(conv);
    sol_free(conv);
    *out = NULL;
}
