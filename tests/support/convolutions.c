/* SPDX-License-Identifier: Apache-2.0
 *
 * Convolutions run by themselves.
 */
#include "support/convolutions.h"

#include "support/support.h"

#include "base/error.h"
#include "nn/conv_blas.h"
#include "nn/gemm.h"
#include "nn/ops.h"

#include <string.h>

int set_up_convolutions(void **state)
{
    sol_gemm_set_threads(1);
    return set_up_pools(state);
}

size_t weight_count(const SolConvShape *s)
{
    return (size_t)s->out_channels * (size_t)s->in_channels * (size_t)s->kernel * (size_t)s->kernel;
}

SolFeatures empty_features(Guarded *memory, SolShape shape, SolLayout layout)
{
    SolFeatures f = {.shape = shape, .layout = layout};
    size_t bytes;
    assert_true(sol_features_bytes(f.shape, layout, &bytes));
    *memory = guarded((bytes + sizeof(float) - 1) / sizeof(float));
    f.data = memory->data;
    return f;
}

/* Whether it may have been computed by Winograd's method: with oneDNN, which has the same points, by the shape. */
static bool maybe_winograd(const SolConv *conv)
{
    const SolConvShape *s = &conv->shape;
    return conv->backend == &sol_conv_winograd || conv->method == &sol_conv_winograd ||
           (strcmp(conv->backend->name, "onednn") == 0 && s->kernel == 3 && s->in_channels >= 32);
}

bool convolve(const SolConvBackend *backend, const SolConvShape *shape, const float *weights, const float *bias,
              SolPool *pool, const float *in, float *out)
{
    SolFeatures from = sol_planes(in, (SolShape){shape->in_channels, shape->height, shape->width}), x;
    SolFeatures to = sol_planes(out, sol_conv_output(shape)), y;
    SolConv *conv = NULL;
    Guarded scratch, x_memory, y_memory;
    bool winograd;
    if (sol_conv_plan(&conv, backend, shape, weights, bias, pool) != 0)
        fail_msg("%s", sol_error_text());
    assert_ptr_equal(conv->backend, backend);
    winograd = maybe_winograd(conv);
    scratch = guarded((conv->scratch + sizeof(float) - 1) / sizeof(float));
    x = empty_features(&x_memory, from.shape, conv->in);
    y = empty_features(&y_memory, to.shape, conv->out);
    sol_op_convert(pool, &from, &x);
    sol_conv_run(conv, &(SolConvData){.in = x.data, .out = y.data}, scratch.data);
    sol_op_convert(pool, &y, &to);
    release(&scratch);
    release(&x_memory);
    release(&y_memory);
    sol_conv_close(&conv);
    assert_null(conv);
    return winograd;
}
