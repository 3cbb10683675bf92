/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose colours a painting has: moving a style's colours to the content's, and keeping a frame's chroma.
 *
 * Both work on R, G, B as they are coded, not on linear light: the networks were trained on coded values, in
 * which equal steps look about equal; in linear light the few brightest pixels would decide mean and covariance.
 */
#include <solstice/color.h>

#include "base/error.h"
#include "image/image.h"
#include "nn/eigen.h"

#include <math.h>
#include <string.h>

enum { CHANNELS = 3 };

/* Variance of one step of 8 bits: in directions of colour with less, a picture has nothing but rounding. */
#define FLAT 1.0

static const char *const names[] = {"style", "content", "luminance"};

const char *sol_color_name(SolColor color)
{
    return names[color];
}

bool sol_color_find(const char *name, SolColor *color)
{
    for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++)
        if (strcmp(names[i], name) == 0) {
            *color = (SolColor)i;
            return true;
        }
    return false;
}

/* ---- the content's colours for a style ---- */

/* Mean and covariance of a picture's pixels, in steps of 8 bits. */
typedef struct Colors {
    double mean[CHANNELS], covariance[CHANNELS][CHANNELS];
} Colors;

static Colors measure(const SolImage *image)
{
    double count = (double)image->width * image->height, sum[CHANNELS] = {0}, products[CHANNELS][CHANNELS] = {{0}};
    Colors colors;
    for (int y = 0; y < image->height; y++) {
        const uint8_t *row = sol_image_row_const(image, y);
        uint64_t line[CHANNELS] = {0}, squares[CHANNELS][CHANNELS] = {{0}}; /* exact: 32768 pixels of 16 bits */
        for (int x = 0; x < image->width; x++, row += CHANNELS)
            for (int a = 0; a < CHANNELS; a++) {
                line[a] += row[a];
                for (int b = 0; b <= a; b++)
                    squares[a][b] += (uint64_t)row[a] * row[b];
            }
        for (int a = 0; a < CHANNELS; a++) {
            sum[a] += (double)line[a];
            for (int b = 0; b <= a; b++)
                products[a][b] += (double)squares[a][b];
        }
    }
    for (int a = 0; a < CHANNELS; a++) {
        colors.mean[a] = sum[a] / count;
        for (int b = 0; b <= a; b++)
            colors.covariance[a][b] = colors.covariance[b][a] =
                products[a][b] / count - colors.mean[a] * colors.mean[b];
    }
    return colors;
}

/* root = covariance^(1/2), or its inverse; directions that are flat are left out of the inverse. */
static int take_root(const Colors *colors, bool inverse, double root[CHANNELS][CHANNELS])
{
    double vectors[CHANNELS][CHANNELS], values[CHANNELS];
    _Alignas(16) unsigned char work[2048];
    int result;
    memcpy(vectors, colors->covariance, sizeof vectors);
    if (sol_eigen_bytes(CHANNELS) > sizeof work)
        return sol_fail_memory("colours");
    result = sol_eigen(CHANNELS, &vectors[0][0], values, work);
    if (result != SOL_OK)
        return result;
    memset(root, 0, sizeof vectors);
    for (int k = 0; k < CHANNELS; k++) {
        double value = values[k] > 0 ? sqrt(values[k]) : 0;
        if (inverse)
            value = values[k] > FLAT ? 1 / value : 0;
        for (int a = 0; a < CHANNELS; a++)
            for (int b = 0; b < CHANNELS; b++)
                root[a][b] += value * vectors[k][a] * vectors[k][b];
    }
    return SOL_OK;
}

static uint8_t to_byte(double value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5);
}

int sol_image_match_color(SolImage **out, const SolImage *image, const SolImage *like)
{
    Colors from = measure(image), to = measure(like);
    double whiten[CHANNELS][CHANNELS], color[CHANNELS][CHANNELS], map[CHANNELS][CHANNELS] = {{0}};
    SolImage *matched = NULL;
    int result = take_root(&from, true, whiten);
    if (result == SOL_OK)
        result = take_root(&to, false, color);
    if (result == SOL_OK)
        result = sol_image_create(&matched, image->width, image->height);
    if (result != SOL_OK)
        return result;
    for (int a = 0; a < CHANNELS; a++)
        for (int b = 0; b < CHANNELS; b++)
            for (int k = 0; k < CHANNELS; k++)
                map[a][b] += color[a][k] * whiten[k][b];
    for (int y = 0; y < image->height; y++) {
        const uint8_t *in = sol_image_row_const(image, y);
        uint8_t *row = sol_image_row(matched, y);
        for (int x = 0; x < image->width; x++, in += CHANNELS, row += CHANNELS)
            for (int a = 0; a < CHANNELS; a++) {
                double value = to.mean[a];
                for (int b = 0; b < CHANNELS; b++)
                    value += map[a][b] * (in[b] - from.mean[b]);
                row[a] = to_byte(value);
            }
    }
    sol_image_copy_time(matched, image);
    *out = matched;
    return SOL_OK;
}

/* ---- the frame's chroma for a painting ---- */

/* BT.709's luma. */
static float luma(const uint8_t *pixel)
{
    return 0.2126f * (float)pixel[0] + 0.7152f * (float)pixel[1] + 0.0722f * (float)pixel[2];
}

void sol_image_take_chroma(SolImage *painting, const SolImage *frame)
{
    for (int y = 0; y < painting->height; y++) {
        uint8_t *row = sol_image_row(painting, y);
        const uint8_t *from = sol_image_row_const(frame, y);
        for (int x = 0; x < painting->width; x++, row += CHANNELS, from += CHANNELS) {
            float light = luma(row), own = luma(from), keep = 1;
            /* the colour's distance to grey, as much of it as fits between black and white */
            for (int c = 0; c < CHANNELS; c++) {
                float chroma = (float)from[c] - own, room = chroma > 0 ? 255 - light : light;
                float most = fabsf(chroma) * keep;
                if (most > room)
                    keep = room / fabsf(chroma);
            }
            for (int c = 0; c < CHANNELS; c++)
                row[c] = to_byte((double)(light + keep * ((float)from[c] - own)));
        }
    }
}
