/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures through a chain of filters, one for one.
 */
#include "media/framing.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "image/image.h"
#include "media/caption.h"
#include "media/filters.h"

#include <libavutil/pixfmt.h>
#include <stdlib.h>
#include <string.h>

struct SolFraming {
    SolFilters *filters;
    AVFrame *frame;
    int width, height; /* of the pictures that come out */
};

/* ---- cropping ---- */

/* The largest area of the shape across:down. */
static void shape(int width, int height, int across, int down, int *to_width, int *to_height)
{
    *to_width = width;
    *to_height = height;
    if ((int64_t)width * down > (int64_t)height * across)
        *to_width = (int)(((int64_t)height * across + down / 2) / down);
    else
        *to_height = (int)(((int64_t)width * down + across / 2) / across);
    *to_width = *to_width < 1 ? 1 : *to_width;
    *to_height = *to_height < 1 ? 1 : *to_height;
}

int sol_framing_area(const SolOutputSettings *settings, int width, int height, SolArea *area)
{
    const SolCrop *crop = &settings->crop;
    int across = crop->width, down = crop->height, left, top;
    if (across == 0) {
        *area = (SolArea){.width = width, .height = height};
        return SOL_OK;
    }
    if (crop->ratio)
        shape(width, height, crop->width, crop->height, &across, &down);
    left = crop->placed ? crop->left : (width - across) / 2;
    top = crop->placed ? crop->top : (height - down) / 2;
    if (left < 0 || top < 0 || across > width - left || down > height - top)
        return crop->placed ? sol_fail(SOL_ERR_ARGUMENT, "%s: its crop, %dx%d+%d+%d, reaches past the pictures, which have "
                                       "%dx%d pixels", settings->path, across, down, left, top, width, height)
                            : sol_fail(SOL_ERR_ARGUMENT, "%s: its crop, %dx%d, is larger than the pictures, which have "
                                       "%dx%d pixels", settings->path, across, down, width, height);
    *area = (SolArea){.x = left, .y = top, .width = across, .height = down};
    return SOL_OK;
}

/* ---- the chain ---- */

enum { CROP, SCALE, MOST_STEPS = 2 + SOL_CAPTION_LINES };

static void describe(AVFrame *frame, int width, int height)
{
    frame->format = AV_PIX_FMT_RGB24;
    frame->width = width;
    frame->height = height;
    frame->sample_aspect_ratio = (AVRational){1, 1};
    frame->colorspace = AVCOL_SPC_RGB;
    frame->color_range = AVCOL_RANGE_JPEG;
}

static int open_filters(SolFraming *framing, const SolFramingRequest *request)
{
    const SolArea *area = &request->area;
    SolFilterStep steps[MOST_STEPS];
    SolCaption caption = {0};
    char *options[2] = {sol_format("w=%d:h=%d:x=%d:y=%d:exact=1", area->width, area->height, area->x, area->y),
                        sol_format("w=%d:h=%d:flags=lanczos+accurate_rnd+full_chroma_inp+full_chroma_int",
                                   request->out_width, request->out_height)};
    int count = 0, result = options[CROP] && options[SCALE] ? SOL_OK : sol_fail_memory("an output"), code;
    if (area->width != request->width || area->height != request->height)
        steps[count++] = (SolFilterStep){"crop", options[CROP], NULL};
    if (area->width != request->out_width || area->height != request->out_height)
        steps[count++] = (SolFilterStep){"scale", options[SCALE], NULL};
    if (result == SOL_OK && request->text)
        result = sol_caption_lay_out(&caption, request->text, request->out_width, request->out_height);
    for (int i = 0; i < caption.count; i++)
        steps[count++] = caption.steps[i];
    if (result == SOL_OK && count > 0) {
        describe(framing->frame, request->width, request->height);
        code = sol_filters_open(&framing->filters, framing->frame, (AVRational){1, 1}, steps, count);
        if (code < 0)
            result = sol_fail(SOL_ERR_NOMEM, "pictures of %dx%d pixels cannot be brought to %dx%d", request->width,
                              request->height, request->out_width, request->out_height);
    }
    sol_caption_clear(&caption);
    free(options[CROP]);
    free(options[SCALE]);
    return result;
}

int sol_framing_open(SolFraming **out, const SolFramingRequest *request)
{
    SolFraming *framing = sol_calloc(1, sizeof *framing);
    int result = SOL_OK;
    if (!framing || !(framing->frame = av_frame_alloc()))
        result = sol_fail_memory("an output");
    if (result == SOL_OK) {
        framing->width = request->out_width;
        framing->height = request->out_height;
        result = open_filters(framing, request);
    }
    if (result != SOL_OK || !framing->filters)
        sol_framing_close(&framing);
    if (result == SOL_OK)
        *out = framing;
    return result;
}

/* ---- pictures ---- */

static void give_back(void *opaque, uint8_t *pixels)
{
    SolImage *image = opaque;
    (void)pixels;
    sol_image_unref(&image);
}

/* The picture as a frame that holds a reference to it. */
static int wrap(SolImage *image, AVFrame *frame)
{
    describe(frame, image->width, image->height);
    frame->buf[0] = av_buffer_create(image->pixels, image->stride * (size_t)image->height, give_back,
                                     sol_image_ref(image), AV_BUFFER_FLAG_READONLY);
    if (!frame->buf[0]) {
        SolImage *reference = image;
        sol_image_unref(&reference);
        return AVERROR(ENOMEM);
    }
    frame->data[0] = image->pixels;
    frame->linesize[0] = (int)image->stride;
    return 0;
}

int sol_framing_apply(SolFraming *framing, SolImage *image, SolImage **out)
{
    AVFrame *frame;
    SolImage *made = NULL;
    int code, result;
    if (!framing) {
        *out = sol_image_ref(image);
        return SOL_OK;
    }
    frame = framing->frame;
    av_frame_unref(frame);
    code = wrap(image, frame);
    if (code >= 0)
        code = sol_filters_give(framing->filters, frame);
    if (code >= 0)
        code = sol_filters_take(framing->filters, frame);
    if (code < 0 || frame->width != framing->width || frame->height != framing->height)
        result = sol_fail_memory("a picture of an output");
    else
        result = sol_image_create(&made, framing->width, framing->height);
    for (int y = 0; y < framing->height && result == SOL_OK; y++)
        memcpy(sol_image_row(made, y), frame->data[0] + (ptrdiff_t)y * frame->linesize[0], (size_t)made->width * 3);
    av_frame_unref(frame);
    if (result != SOL_OK)
        return result;
    sol_image_copy_time(made, image);
    *out = made;
    return SOL_OK;
}

void sol_framing_close(SolFraming **out)
{
    SolFraming *framing = *out;
    *out = NULL;
    if (!framing)
        return;
    sol_filters_close(&framing->filters);
    av_frame_free(&framing->frame);
    sol_free(framing);
}
