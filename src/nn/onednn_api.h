/* SPDX-License-Identifier: Apache-2.0
 *
 * What conv_onednn.c uses of oneDNN's C interface, alike for versions 2 and 3, which differ in who owns a
 * memory descriptor, how its fields are read, and how a convolution is described.
 */
#ifndef SOL_NN_ONEDNN_API_H
#define SOL_NN_ONEDNN_API_H

#include <oneapi/dnnl/dnnl.h>

#include <stdbool.h>
#include <stddef.h>

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t DnnlDescView;
#else
typedef const dnnl_memory_desc_t *DnnlDescView;
#endif

/* A memory descriptor that is ours; all zeros for none. */
typedef struct DnnlDesc {
    dnnl_memory_desc_t desc;
} DnnlDesc;

/* How a descriptor's elements lie: distances by dimension, and blocks within. */
typedef struct DnnlBlocking {
    const dnnl_dim_t *strides, *blocks, *block_dims;
    int block_count;
} DnnlBlocking;

typedef struct DnnlConvolution {
    dnnl_alg_kind_t algorithm;
    DnnlDesc in, weights, bias, out;
    int across; /* zeros to the left and to the right */
} DnnlConvolution;

static inline DnnlDescView dnnl_view(const DnnlDesc *d)
{
#if DNNL_VERSION_MAJOR >= 3
    return d->desc;
#else
    return &d->desc;
#endif
}

static inline bool dnnl_describe(DnnlDesc *d, int count, const dnnl_dims_t dims, dnnl_data_type_t type,
                                 dnnl_format_tag_t tag)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_memory_desc_create_with_tag(&d->desc, count, dims, type, tag) == dnnl_success;
#else
    return dnnl_memory_desc_init_by_tag(&d->desc, count, dims, type, tag) == dnnl_success;
#endif
}

static inline void dnnl_forget(DnnlDesc *d)
{
#if DNNL_VERSION_MAJOR >= 3
    if (d->desc)
        dnnl_memory_desc_destroy(d->desc);
    d->desc = NULL;
#else
    (void)d;
#endif
}

/* False where elements do not lie in strides and blocks. */
static inline bool dnnl_blocking(DnnlDescView d, DnnlBlocking *to)
{
#if DNNL_VERSION_MAJOR >= 3
    dnnl_format_kind_t kind;
    const dnnl_dims_t *strides, *blocks, *dims;
    if (dnnl_memory_desc_query(d, dnnl_query_format_kind, &kind) != dnnl_success || kind != dnnl_blocked ||
        dnnl_memory_desc_query(d, dnnl_query_strides, &strides) != dnnl_success ||
        dnnl_memory_desc_query(d, dnnl_query_inner_nblks_s32, &to->block_count) != dnnl_success ||
        dnnl_memory_desc_query(d, dnnl_query_inner_blks, &blocks) != dnnl_success ||
        dnnl_memory_desc_query(d, dnnl_query_inner_idxs, &dims) != dnnl_success)
        return false;
    to->strides = *strides;
    to->blocks = *blocks;
    to->block_dims = *dims;
    return true;
#else
    const dnnl_blocking_desc_t *blocking = &d->format_desc.blocking;
    *to = (DnnlBlocking){blocking->strides, blocking->inner_blks, blocking->inner_idxs, blocking->inner_nblks};
    return d->format_kind == dnnl_blocked;
#endif
}

static inline dnnl_status_t dnnl_append_relu(dnnl_post_ops_t ops)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, 0, 0);
#else
    return dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0);
#endif
}

/* A convolution with stride 1, for inference. */
static inline dnnl_status_t dnnl_describe_convolution(dnnl_primitive_desc_t *to, const DnnlConvolution *c,
                                                      dnnl_engine_t engine, const_dnnl_primitive_attr_t attributes)
{
    const dnnl_dims_t strides = {1, 1}, padding = {0, c->across};
#if DNNL_VERSION_MAJOR >= 3
    const dnnl_dims_t dilates = {0, 0};
    return dnnl_convolution_forward_primitive_desc_create(to, engine, dnnl_forward_inference, c->algorithm,
                                                          c->in.desc, c->weights.desc, c->bias.desc, c->out.desc,
                                                          strides, dilates, padding, padding, attributes);
#else
    dnnl_convolution_desc_t desc;
    dnnl_status_t status =
        dnnl_convolution_forward_desc_init(&desc, dnnl_forward_inference, c->algorithm, &c->in.desc, &c->weights.desc,
                                           &c->bias.desc, &c->out.desc, strides, padding, padding);
    return status == dnnl_success ? dnnl_primitive_desc_create(to, &desc, attributes, engine, NULL) : status;
#endif
}

#endif
