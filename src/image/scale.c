/* SPDX-License-Identifier: Apache-2.0
 *
 * Scaling of pictures, by libswscale.
 */
#include "image/image.h"

#include "base/error.h"

#include <libavutil/pixfmt.h>
#include <libswscale/swscale.h>

/* libswscale works in Y, Cb and Cr, and may pass over every other sample of these two unless it is told not to. */
enum { FLAGS = SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_FULL_CHR_H_INT };

int sol_image_scale(SolImage **out, const SolImage *image, int width, int height)
{
    SolImage *scaled = NULL;
    struct SwsContext *scaler;
    int result = sol_image_create(&scaled, width, height);
    if (result != SOL_OK)
        return result;
    scaler = sws_getContext(image->width, image->height, AV_PIX_FMT_RGB24, width, height, AV_PIX_FMT_RGB24,
                            FLAGS, NULL, NULL, NULL);
    if (!scaler) {
        sol_image_unref(&scaled);
        return sol_fail(SOL_ERR_NOMEM, "%dx%d pixels cannot be scaled to %dx%d", image->width, image->height, width,
                        height);
    }
    sws_scale(scaler, (const uint8_t *const[]){image->pixels}, (const int[]){(int)image->stride}, 0, image->height,
              (uint8_t *const[]){scaled->pixels}, (const int[]){(int)scaled->stride});
    sws_freeContext(scaler);
    sol_image_copy_time(scaled, image);
    *out = scaled;
    return SOL_OK;
}
