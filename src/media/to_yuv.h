/* SPDX-License-Identifier: Apache-2.0
 *
 * From pictures to the YUV that encoders take, scaled on the way where sizes differ.
 */
#ifndef SOL_MEDIA_TO_YUV_H
#define SOL_MEDIA_TO_YUV_H

#include <stdbool.h>

#include <libavutil/frame.h>
#include <libswscale/swscale.h>

#include "image/image.h"

/* What is made of the pictures: the size, layout, matrix and range of the YUV. */
typedef struct SolToYuv {
    int width, height;           /* of the pictures that come in */
    int out_width, out_height;   /* of the YUV */
    enum AVPixelFormat format;   /* planar YUV, 4:2:0 sited as H.264's default, to the left; or RGB of 8 bits */
    int matrix;                  /* SWS_CS_ITU709, SWS_CS_ITU601 */
    bool full_range;
} SolToYuv;

/**
 * @param[out] scaler  freed with sws_freeContext(); untouched on failure
 * @return 0 or SOL_ERR_NOMEM
 */
int sol_to_yuv_open(struct SwsContext **scaler, const SolToYuv *to);

/** Converts `image` into `frame`, whose buffers are there and writable. */
void sol_to_yuv(struct SwsContext *scaler, const SolImage *image, AVFrame *frame);

#endif
