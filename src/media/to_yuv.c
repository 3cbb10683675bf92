/* SPDX-License-Identifier: Apache-2.0
 *
 * RGB to YUV by libswscale, told everything that it would otherwise guess: the matrix, the range, the
 * place of the chroma samples, and to be accurate rather than quick. RGB of another order keeps its values.
 */
#include "media/to_yuv.h"

#include "base/error.h"

#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

int sol_to_yuv_open(struct SwsContext **out, const SolToYuv *to)
{
    const AVPixFmtDescriptor *layout = av_pix_fmt_desc_get(to->format);
    const int *matrix = sws_getCoefficients(to->matrix);
    struct SwsContext *scaler = sws_alloc_context();
    if (!scaler || !layout)
        goto fail;
    av_opt_set_int(scaler, "srcw", to->width, 0);
    av_opt_set_int(scaler, "srch", to->height, 0);
    av_opt_set_int(scaler, "src_format", AV_PIX_FMT_RGB24, 0);
    av_opt_set_int(scaler, "src_range", 1, 0);
    av_opt_set_int(scaler, "dstw", to->out_width, 0);
    av_opt_set_int(scaler, "dsth", to->out_height, 0);
    av_opt_set_int(scaler, "dst_format", to->format, 0);
    av_opt_set_int(scaler, "dst_range", to->full_range, 0);
    av_opt_set_int(scaler, "sws_flags",
                   SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_FULL_CHR_H_INT | SWS_BITEXACT, 0);
    /* in 1/256 of a luma sample */
    if (layout->log2_chroma_w)
        av_opt_set_int(scaler, "dst_h_chr_pos", 0, 0);
    if (layout->log2_chroma_h)
        av_opt_set_int(scaler, "dst_v_chr_pos", 128, 0);
    if (sws_init_context(scaler, NULL, NULL) < 0)
        goto fail;
    sws_setColorspaceDetails(scaler, matrix, 1, matrix, to->full_range, 0, 1 << 16, 1 << 16);
    *out = scaler;
    return SOL_OK;

fail:
    sws_freeContext(scaler);
    return sol_fail(SOL_ERR_NOMEM, "%dx%d pixels cannot be converted to %dx%d pixels of YUV", to->width, to->height,
                    to->out_width, to->out_height);
}

void sol_to_yuv(struct SwsContext *scaler, const SolImage *image, AVFrame *frame)
{
    const uint8_t *const rows[4] = {image->pixels};
    const int strides[4] = {(int)image->stride};
    sws_scale(scaler, rows, strides, 0, image->height, frame->data, frame->linesize);
}
