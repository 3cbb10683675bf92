/* SPDX-License-Identifier: Apache-2.0
 *
 * Conversion of YUV by way of planes, against libswscale's own way to R, G, B, on noise.
 */
#include "support/support.h"

#include "image/image.h"
#include "media/convert.h"

#include <libavutil/frame.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
#include <stdlib.h>

/* A frame of noise, BT.709, limited range. */
static AVFrame *make_noise(enum AVPixelFormat format, int width, int height)
{
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get(format);
    AVFrame *frame = av_frame_alloc();
    uint32_t state = 1;
    assert_non_null(frame);
    frame->format = format;
    frame->width = width;
    frame->height = height;
    frame->colorspace = AVCOL_SPC_BT709;
    frame->color_range = AVCOL_RANGE_MPEG;
    frame->chroma_location = AVCHROMA_LOC_LEFT;
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    for (int c = 0; c < kind->nb_components; c++) {
        int rows = c ? -(-height >> kind->log2_chroma_h) : height, deep = kind->comp[c].depth > 8;
        int columns = c ? -(-width >> kind->log2_chroma_w) : width;
        for (int y = 0; y < rows; y++)
            for (int x = 0; x < columns; x++) {
                uint8_t *row = frame->data[c] + y * frame->linesize[c];
                state = state * 1664525u + 1013904223u;
                if (deep)
                    ((uint16_t *)row)[x] = (uint16_t)(state >> 22);
                else
                    row[x] = (uint8_t)(state >> 24);
            }
    }
    return frame;
}

/* Straight to R, G, B, with chroma at the left and, where it is subsampled so, between two rows. */
static void convert_directly(const AVFrame *frame, SolImage *image)
{
    const AVPixFmtDescriptor *kind = av_pix_fmt_desc_get((enum AVPixelFormat)frame->format);
    struct SwsContext *context = sws_alloc_context();
    assert_non_null(context);
    av_opt_set_int(context, "sws_flags", SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP, 0);
    av_opt_set_int(context, "srcw", frame->width, 0);
    av_opt_set_int(context, "srch", frame->height, 0);
    av_opt_set_int(context, "src_format", frame->format, 0);
    av_opt_set_int(context, "src_h_chr_pos", kind->log2_chroma_w ? 0 : -513, 0);
    av_opt_set_int(context, "dstw", image->width, 0);
    av_opt_set_int(context, "dsth", image->height, 0);
    av_opt_set_int(context, "dst_format", AV_PIX_FMT_RGB24, 0);
    sws_setColorspaceDetails(context, sws_getCoefficients(SWS_CS_ITU709), 0, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0,
                             1 << 16, 1 << 16);
    assert_true(sws_init_context(context, NULL, NULL) >= 0);
    sws_scale(context, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height,
              (uint8_t *const[]){image->pixels}, (const int[]){(int)image->stride});
    sws_freeContext(context);
}

/* Both ways lead to the same values. */
static void compare(enum AVPixelFormat format, int width, int height, int out_width, int out_height)
{
    SolConverter *converter = NULL;
    SolImage *image = NULL, *direct = NULL;
    AVFrame *frame = make_noise(format, width, height);
    int most = 0;
    assert_int_equal(sol_converter_open(&converter, NULL), SOL_OK);
    assert_int_equal(sol_convert(converter, frame, out_width, out_height, &image), SOL_OK);
    assert_int_equal(sol_image_create(&direct, out_width, out_height), SOL_OK);
    convert_directly(frame, direct);
    for (int y = 0; y < out_height; y++)
        for (int i = 0; i < 3 * out_width; i++) {
            int difference = abs(sol_image_row(image, y)[i] - sol_image_row(direct, y)[i]);
            most = difference > most ? difference : most;
        }
    if (most != 0)
        fail_msg("%s, %dx%d to %dx%d: values differ by %d", av_get_pix_fmt_name(format), width, height, out_width,
                 out_height, most);
    sol_image_unref(&image);
    sol_image_unref(&direct);
    sol_converter_close(&converter);
    av_frame_free(&frame);
}

static void test_planes_are_as_good_as_packed(void **state)
{
    static const enum AVPixelFormat formats[] = {AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P,
                                                 AV_PIX_FMT_YUV420P10, AV_PIX_FMT_YUV444P10};
    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        compare(formats[i], 64, 48, 64, 48);
        compare(formats[i], 128, 96, 64, 48);
        compare(formats[i], 75, 61, 37, 23);
        compare(formats[i], 38, 22, 91, 67);
        compare(formats[i], 75, 61, 75, 61);
    }
}

/* The planes are kept from frame to frame, whatever their sizes. */
static void test_sizes_may_change(void **state)
{
    static const int sides[] = {16, 70, 3, 70};
    SolConverter *converter = NULL;
    (void)state;
    assert_int_equal(sol_converter_open(&converter, NULL), SOL_OK);
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        SolImage *image = NULL, *direct = NULL;
        AVFrame *frame = make_noise(AV_PIX_FMT_YUV420P, 64, 40);
        assert_int_equal(sol_convert(converter, frame, sides[i], sides[i] + 1, &image), SOL_OK);
        assert_int_equal(sol_image_create(&direct, sides[i], sides[i] + 1), SOL_OK);
        convert_directly(frame, direct);
        for (int y = 0; y <= sides[i]; y++)
            assert_memory_equal(sol_image_row(image, y), sol_image_row(direct, y), (size_t)sides[i] * 3);
        sol_image_unref(&image);
        sol_image_unref(&direct);
        av_frame_free(&frame);
    }
    sol_converter_close(&converter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_planes_are_as_good_as_packed),
        cmocka_unit_test(test_sizes_may_change),
    };
    return cmocka_run_group_tests_name("media/convert", tests, NULL, NULL);
}
