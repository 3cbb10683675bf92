/* SPDX-License-Identifier: Apache-2.0
 *
 * Tone mapping by tables: from signal to light, from light to how much of it is kept, from light to 8 bits. Light
 * is in multiples of white, 203 cd/m2. Tables over light are indexed by its square root, which spreads the dark.
 */
#include "media/tone.h"

#include "base/error.h"
#include "base/memory.h"

#include <libavutil/mastering_display_metadata.h>
#include <math.h>
#include <string.h>

enum { STEPS = 4096 }; /* of every table: 12 bits of the signal */

#define WHITE 203.0 /* cd/m2 */

struct SolTone {
    int transfer, primaries, white;
    float peak;              /* the brightest light, 1 or more */
    float matrix[3][3];      /* to BT.709's primaries */
    float light[STEPS];      /* of the signal: PQ: in whites; HLG: of the scene, 0..1 */
    float gain[STEPS];       /* that the light sqrt(light / peak) * (STEPS - 1) is multiplied by */
    float shown[STEPS];      /* HLG: light on the display for light of the scene, by the scene's luminance */
    uint8_t signal[STEPS];   /* of the light 0..1 */
};

/* SMPTE ST 2084, 5.1 and 5.2; light in 1 / 10000 cd/m2 */
static const double pq_m1 = 2610.0 / 16384, pq_m2 = 2523.0 / 32, pq_c1 = 3424.0 / 4096, pq_c2 = 2413.0 / 128,
                    pq_c3 = 2392.0 / 128;

static double pq_to_light(double signal)
{
    double power = pow(signal, 1 / pq_m2);
    return pow(fmax(power - pq_c1, 0) / (pq_c2 - pq_c3 * power), 1 / pq_m1);
}

static double pq_from_light(double light)
{
    double power = pow(light, pq_m1);
    return pow((pq_c1 + pq_c2 * power) / (1 + pq_c3 * power), pq_m2);
}

/* ITU-R BT.2100, table 5: the inverse of HLG's OETF */
static double hlg_to_scene(double signal)
{
    const double a = 0.17883277, b = 1 - 4 * a, c = 0.5 - a * log(4 * a);
    return signal <= 0.5 ? signal * signal / 3 : (exp((signal - c) / a) + b) / 12;
}

/* ITU-R BT.2390-10, 5.4.1, with black at 0: a signal of PQ, in parts of the source's peak, likewise. */
static double eetf(double signal, double most)
{
    double knee = 1.5 * most - 0.5, t, t2, t3;
    if (signal < knee || knee >= 1)
        return signal;
    t = (signal - knee) / (1 - knee);
    t2 = t * t;
    t3 = t2 * t;
    return (2 * t3 - 3 * t2 + 1) * knee + (t3 - 2 * t2 + t) * (1 - knee) + (3 * t2 - 2 * t3) * most;
}

bool sol_frame_is_hdr(const AVFrame *frame)
{
    return frame->color_trc == AVCOL_TRC_SMPTE2084 || frame->color_trc == AVCOL_TRC_ARIB_STD_B67;
}

double sol_frame_peak(const AVFrame *frame)
{
    const AVFrameSideData *level = av_frame_get_side_data(frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
    const AVFrameSideData *mastering = av_frame_get_side_data(frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
    double peak = 0;
    if (frame->color_trc == AVCOL_TRC_ARIB_STD_B67)
        return 1000;
    if (level)
        peak = ((const AVContentLightMetadata *)level->data)->MaxCLL;
    if (peak <= 0 && mastering) {
        const AVMasteringDisplayMetadata *display = (const AVMasteringDisplayMetadata *)mastering->data;
        if (display->has_luminance && display->max_luminance.den > 0)
            peak = av_q2d(display->max_luminance);
    }
    return peak > 0 ? fmin(fmax(peak, WHITE), 10000) : 1000;
}

/* ITU-R BT.2087 for BT.2020; SMPTE EG 432-1 for P3 with D65's white. */
static void set_matrix(float matrix[3][3], int primaries)
{
    static const float from_2020[3][3] = {{1.660491f, -0.587641f, -0.072850f},
                                          {-0.124550f, 1.132900f, -0.008350f},
                                          {-0.018151f, -0.100579f, 1.118730f}};
    static const float from_p3[3][3] = {{1.224940f, -0.224940f, 0},
                                        {-0.042057f, 1.042057f, 0},
                                        {-0.019638f, -0.078636f, 1.098274f}};
    static const float same[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    memcpy(matrix, primaries == AVCOL_PRI_BT709 ? same : primaries == AVCOL_PRI_SMPTE432 ? from_p3 : from_2020,
           sizeof same);
}

static void fill(SolTone *tone)
{
    double peak = tone->peak * WHITE / 10000, top = pq_from_light(peak), most = pq_from_light(WHITE / 10000) / top;
    bool hlg = tone->transfer == AVCOL_TRC_ARIB_STD_B67;
    for (int i = 0; i < STEPS; i++) {
        double signal = fmin((i * 16 + 8) / (double)tone->white, 1), root = (double)i / (STEPS - 1);
        double light = root * root * peak;
        tone->light[i] = (float)(hlg ? hlg_to_scene(signal) : pq_to_light(signal) * 10000 / WHITE);
        tone->gain[i] = light > 0 ? (float)(pq_to_light(eetf(pq_from_light(light) / top, most) * top) / light) : 1;
        tone->shown[i] = (float)(pow(root, 0.4) * (double)tone->peak); /* the luminance to the power of 1.2 - 1 */
        tone->signal[i] = (uint8_t)(255 * pow(root, 2 / 2.4) + 0.5);
    }
    tone->light[0] = 0;
    set_matrix(tone->matrix, tone->primaries);
}

int sol_tone_prepare(SolTone **out, const AVFrame *frame, int white)
{
    SolTone *tone = *out;
    if (tone && tone->transfer == (int)frame->color_trc && tone->primaries == (int)frame->color_primaries &&
        tone->white == white)
        return SOL_OK;
    if (!tone)
        *out = tone = sol_calloc(1, sizeof *tone);
    if (!tone)
        return sol_fail_memory("a tone curve");
    tone->transfer = (int)frame->color_trc;
    tone->primaries = (int)frame->color_primaries;
    tone->white = white;
    tone->peak = (float)(sol_frame_peak(frame) / WHITE);
    fill(tone);
    return SOL_OK;
}

/* The place of a light in a table over lights of 0..1. */
static int place(float light)
{
    return light >= 1 ? STEPS - 1 : light <= 0 ? 0 : (int)(sqrtf(light) * (STEPS - 1) + 0.5f);
}

void sol_tone_row(const SolTone *tone, uint8_t *to, const uint16_t *from, int width)
{
    const float peak = tone->peak, per_peak = 1 / peak;
    bool hlg = tone->transfer == AVCOL_TRC_ARIB_STD_B67;
    for (int x = 0; x < width; x++, from += 3, to += 3) {
        float rgb[3] = {tone->light[from[0] >> 4], tone->light[from[1] >> 4], tone->light[from[2] >> 4]}, most, gain;
        float scale = hlg ? tone->shown[place(0.2627f * rgb[0] + 0.6780f * rgb[1] + 0.0593f * rgb[2])] : 1;
        for (int c = 0; c < 3; c++)
            rgb[c] = fminf(rgb[c] * scale, peak);
        most = fmaxf(rgb[0], fmaxf(rgb[1], rgb[2]));
        gain = tone->gain[place(most * per_peak)];
        for (int c = 0; c < 3; c++) {
            const float *row = tone->matrix[c];
            to[c] = tone->signal[place(gain * (row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]))];
        }
    }
}

void sol_tone_close(SolTone **tone)
{
    sol_free(*tone);
    *tone = NULL;
}
