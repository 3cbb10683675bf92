/* SPDX-License-Identifier: Apache-2.0
 *
 * Tone mapping: by tables and by its formulas, one pixel at a time; values that standards state; clips.
 */
#include "support/clips.h"
#include "support/support.h"

#include "image/image.h"
#include "media/tone.h"

#include <libavutil/mastering_display_metadata.h>
#include <math.h>
#include <stdlib.h>

/* ---- the formulas ---- */

static double pq_eotf(double signal) /* cd/m2 */
{
    double p = pow(signal, 32.0 / 2523);
    return 10000 * pow(fmax(p - 0.8359375, 0) / (18.8515625 - 18.6875 * p), 16384.0 / 2610);
}

static double pq_inverse(double light)
{
    double p = pow(light / 10000, 2610.0 / 16384);
    return pow((0.8359375 + 18.8515625 * p) / (1 + 18.6875 * p), 2523.0 / 32);
}

static double hlg_inverse_oetf(double signal)
{
    return signal <= 0.5 ? signal * signal / 3
                         : (exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12;
}

/* cd/m2 of a pixel's R, G and B on a display of high dynamic range */
static void light_of(const double signal[3], bool hlg, double light[3])
{
    double luminance;
    for (int c = 0; c < 3; c++)
        light[c] = hlg ? hlg_inverse_oetf(signal[c]) : pq_eotf(signal[c]);
    if (!hlg)
        return;
    luminance = 0.2627 * light[0] + 0.6780 * light[1] + 0.0593 * light[2];
    for (int c = 0; c < 3; c++)
        light[c] *= 1000 * pow(luminance, 0.2);
}

static double roll_off(double light, double peak)
{
    double top = pq_inverse(peak), e = pq_inverse(light) / top, most = pq_inverse(203) / top, knee = 1.5 * most - 0.5;
    if (e >= knee && knee < 1) {
        double t = (e - knee) / (1 - knee);
        e = (2 * t * t * t - 3 * t * t + 1) * knee + (t * t * t - 2 * t * t + t) * (1 - knee) +
            (3 * t * t - 2 * t * t * t) * most;
    }
    return pq_eotf(e * top);
}

/* The 8-bit values, of BT.2020's primaries. */
static void map_pixel(const double signal[3], bool hlg, double peak, double out[3])
{
    static const double matrix[3][3] = {
        {1.6605, -0.5876, -0.0728}, {-0.1246, 1.1329, -0.0083}, {-0.0182, -0.1006, 1.1187}};
    double light[3], most = 0, gain;
    light_of(signal, hlg, light);
    for (int c = 0; c < 3; c++)
        most = fmax(most, light[c] = fmin(light[c], peak));
    gain = most > 0 ? roll_off(most, peak) / most : 1;
    for (int c = 0; c < 3; c++) {
        double v = (matrix[c][0] * light[0] + matrix[c][1] * light[1] + matrix[c][2] * light[2]) * gain / 203;
        out[c] = 255 * pow(fmin(fmax(v, 0), 1), 1 / 2.4);
    }
}

/* ---- the tests ---- */

static AVFrame *make_frame(enum AVColorTransferCharacteristic transfer)
{
    AVFrame *frame = av_frame_alloc();
    assert_non_null(frame);
    frame->color_trc = transfer;
    frame->color_primaries = AVCOL_PRI_BT2020;
    return frame;
}

static void follows_the_formulas(void **state)
{
    (void)state;
    for (int hlg = 0; hlg <= 1; hlg++) {
        AVFrame *frame = make_frame(hlg ? AVCOL_TRC_ARIB_STD_B67 : AVCOL_TRC_SMPTE2084);
        SolTone *tone = NULL;
        uint32_t random = 7;
        assert_int_equal(sol_tone_prepare(&tone, frame, 65535), 0);
        for (int n = 0; n < 20000; n++) {
            uint16_t from[3];
            uint8_t to[3];
            double signal[3], right[3];
            for (int c = 0; c < 3; c++) {
                random = random * 1664525u + 1013904223u;
                from[c] = n < 4096 ? (uint16_t)(n * 16 + 8) : (uint16_t)((random >> 16) | 15);
                signal[c] = (from[c] / 16 * 16 + 8) / 65535.0;
            }
            map_pixel(signal, hlg, 1000, right);
            sol_tone_row(tone, to, from, 1);
            for (int c = 0; c < 3; c++)
                if (fabs(to[c] - right[c]) > (right[c] > 16 ? 1.01 : 4)) /* close to black, a table's step is more */
                    fail_msg("%s %d,%d,%d: %d instead of %.2f in channel %d", hlg ? "HLG" : "PQ", from[0], from[1],
                             from[2], to[c], right[c], c);
        }
        sol_tone_close(&tone);
        assert_null(tone);
        av_frame_free(&frame);
    }
}

static int map_grey(AVFrame *frame, double signal)
{
    uint16_t value = (uint16_t)(signal * 65535 + 0.5), from[3] = {value, value, value};
    uint8_t to[3];
    SolTone *tone = NULL;
    assert_int_equal(sol_tone_prepare(&tone, frame, 65535), 0);
    sol_tone_row(tone, to, from, 1);
    sol_tone_close(&tone);
    assert_true(abs(to[0] - to[1]) <= 1 && abs(to[1] - to[2]) <= 1);
    return to[1];
}

/* Black, the white of BT.2408 (58 % of PQ, 75 % of HLG), and the peak, by what the stream says of it. */
static void knows_its_landmarks(void **state)
{
    AVFrame *pq = make_frame(AVCOL_TRC_SMPTE2084), *hlg = make_frame(AVCOL_TRC_ARIB_STD_B67);
    AVMasteringDisplayMetadata *display;
    AVContentLightMetadata *level;
    (void)state;
    assert_int_equal(map_grey(pq, 0), 0);
    assert_int_equal(map_grey(hlg, 0), 0);
    assert_in_range(map_grey(pq, 0.5807), 228, 232);
    assert_in_range(map_grey(hlg, 0.75), 228, 232);
    assert_int_equal(map_grey(pq, 0.7518), 255);
    assert_int_equal(map_grey(pq, 1), 255);
    assert_int_equal(map_grey(hlg, 1), 255);
    assert_true(sol_frame_peak(pq) == 1000 && sol_frame_peak(hlg) == 1000);
    display = av_mastering_display_metadata_create_side_data(pq);
    display->has_luminance = 1;
    display->max_luminance = (AVRational){4000, 1};
    assert_true(sol_frame_peak(pq) == 4000);
    assert_in_range(map_grey(pq, 0.7518), 230, 252);
    level = av_content_light_metadata_create_side_data(pq);
    level->MaxCLL = 100; /* dimmer than white: nothing to roll off */
    assert_true(sol_frame_peak(pq) == 203);
    assert_int_equal(map_grey(pq, 0.5807), 255);
    level->MaxCLL = 65535;
    assert_true(sol_frame_peak(pq) == 10000);
    av_frame_free(&pq);
    av_frame_free(&hlg);
}

/* One curve for a clip, though the frames state another peak. */
static void keeps_the_curve(void **state)
{
    AVFrame *first = make_frame(AVCOL_TRC_SMPTE2084), *later = make_frame(AVCOL_TRC_SMPTE2084);
    const uint16_t from[3] = {45000, 45000, 45000};
    uint8_t to[3], again[3];
    SolTone *tone = NULL;
    (void)state;
    av_content_light_metadata_create_side_data(later)->MaxCLL = 4000;
    assert_int_equal(sol_tone_prepare(&tone, first, 65535), 0);
    sol_tone_row(tone, to, from, 1);
    assert_int_equal(sol_tone_prepare(&tone, later, 65535), 0);
    sol_tone_row(tone, again, from, 1);
    assert_memory_equal(to, again, 3);
    sol_tone_close(&tone);
    av_frame_free(&first);
    av_frame_free(&later);
}

/* Fields of grey by their 10-bit values, through a file. */
static void reads_clips(void **state)
{
    enum { WIDTH = 64, HEIGHT = 32, FIELDS = 8 };
    static const int values[FIELDS] = {64, 150, 300, 450, 572, 721, 800, 940};
    static uint16_t pixels[3 * WIDTH * HEIGHT];
    (void)state;
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        pixels[i] = (uint16_t)values[i % WIDTH * FIELDS / WIDTH];
        pixels[WIDTH * HEIGHT + i] = pixels[2 * WIDTH * HEIGHT + i] = 512;
    }
    for (int hlg = 0; hlg <= 1; hlg++) {
        SolVideo *video;
        SolImage *image;
        ffmpeg_from(pixels, sizeof pixels, "yuv444p10le", WIDTH, HEIGHT,
                    hlg ? "-c:v ffv1 -color_primaries bt2020 -color_trc arib-std-b67 -color_range tv grey.mkv"
                        : "-c:v ffv1 -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc "
                          "-color_range tv grey.mkv");
        video = open_video("grey.mkv", NULL);
        image = read_image(video);
        for (int i = 0; i < FIELDS; i++) {
            const uint8_t *pixel = sol_image_row_const(image, HEIGHT / 2) + 3 * ((2 * i + 1) * WIDTH / FIELDS / 2);
            double v = (values[i] - 64) / 876.0, right[3];
            map_pixel((const double[]){v, v, v}, hlg, 1000, right);
            for (int c = 0; c < 3; c++)
                if (fabs(pixel[c] - right[c]) > 2)
                    fail_msg("%s %d: %d instead of %.1f", hlg ? "HLG" : "PQ", values[i], pixel[c], right[c]);
        }
        sol_image_unref(&image);
        sol_video_close(&video);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_formulas),
        cmocka_unit_test(knows_its_landmarks),
        cmocka_unit_test(keeps_the_curve),
        cmocka_unit_test(reads_clips),
    };
    return cmocka_run_group_tests_name("media/tone", tests, set_up_folder, tear_down_folder);
}
