/* SPDX-License-Identifier: Apache-2.0 */
#include "support/motion.h"

#include "support/support.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

void motion_at(const Motion *motion, int width, int height, int x, int y, double *u, double *v)
{
    double angle = motion->degrees * (3.14159265358979323846 / 180), px = x - (width - 1) / 2.0, py = y - (height - 1) / 2.0;
    *u = motion->zoom * (cos(angle) * px - sin(angle) * py) + motion->x - px;
    *v = motion->zoom * (sin(angle) * px + cos(angle) * py) + motion->y - py;
}

/* A smooth random number at (x, y), 0..1: one grid point in `size` pixels. */
static double smooth_noise(double x, double y, double size, uint32_t seed)
{
    double fx = x / size, fy = y / size, corners[4];
    int ix = (int)floor(fx), iy = (int)floor(fy);
    fx -= ix;
    fy -= iy;
    fx = fx * fx * (3 - 2 * fx);
    fy = fy * fy * (3 - 2 * fy);
    for (int i = 0; i < 4; i++) {
        uint32_t h = (uint32_t)(ix + i % 2) * 0x9e3779b1u ^ (uint32_t)(iy + i / 2) * 0x85ebca77u ^ seed * 0xc2b2ae3du;
        h = (h ^ h >> 15) * 0x2c1b3c6du;
        h = (h ^ h >> 12) * 0x297a2d39u;
        corners[i] = (double)(h ^ h >> 15) / 4294967295.0;
    }
    return (1 - fy) * ((1 - fx) * corners[0] + fx * corners[1]) + fy * ((1 - fx) * corners[2] + fx * corners[3]);
}

SolImage *make_texture(int width, int height, unsigned seed)
{
    SolImage *image = NULL;
    assert_int_equal(sol_image_create(&image, width, height), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (unsigned c = 0; c < 3; c++) {
                double sum = 0, weight = 0;
                for (int i = 0; i < 5; i++) {
                    double w = pow(1.5, i);
                    sum += w * smooth_noise(x, y, 3.5 * (1 << i), seed + 16 * c + (unsigned)i);
                    weight += w;
                }
                sum = 128 + 300 * (sum / weight - 0.5);
                sol_image_row(image, y)[3 * x + (int)c] = (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
            }
    return image;
}

SolImage *load_covering(const char *path, int width, int height)
{
    struct stat status;
    SolImage *image = NULL, *scaled = NULL;
    double factor;
    if (stat(path, &status) != 0)
        return NULL;
    assert_int_equal(sol_image_load(&image, path), 0);
    factor = fmax((double)width / image->width, (double)height / image->height);
    assert_int_equal(sol_image_scale(&scaled, image, (int)ceil(image->width * factor), (int)ceil(image->height * factor)), 0);
    sol_image_unref(&image);
    return scaled;
}

/* A colour between pixels, by cubic convolution. */
static double sample(const SolImage *image, double x, double y, int c)
{
    int ix = (int)floor(x), iy = (int)floor(y);
    double sum = 0;
    for (int j = -1; j <= 2; j++)
        for (int i = -1; i <= 2; i++) {
            double weight = 1, away[2] = {fabs(x - (ix + i)), fabs(y - (iy + j))};
            int px = ix + i < 0 ? 0 : ix + i >= image->width ? image->width - 1 : ix + i;
            int py = iy + j < 0 ? 0 : iy + j >= image->height ? image->height - 1 : iy + j;
            for (int k = 0; k < 2; k++) {
                double t = away[k];
                weight *= t < 1 ? (1.5 * t - 2.5) * t * t + 1 : ((-0.5 * t + 2.5) * t - 4) * t + 2;
            }
            sum += weight * sol_image_row_const(image, py)[3 * px + c];
        }
    return sum;
}

static uint8_t noisy(double value, int noise, uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    value += 0.5 + noise * ((double)(*state >> 8) / 8388608.0 - 1);
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

void make_motion(const SolImage *from, const Motion *motion, int width, int height, int noise, SolImage **first,
                 SolImage **second)
{
    double angle = motion->degrees * (3.14159265358979323846 / 180);
    double mid_x = (from->width - 1) / 2.0, mid_y = (from->height - 1) / 2.0;
    uint32_t state = 1;
    assert_int_equal(sol_image_create(first, width, height), 0);
    assert_int_equal(sol_image_create(second, width, height), 0);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            double px = x - (width - 1) / 2.0, py = y - (height - 1) / 2.0, qx = px - motion->x, qy = py - motion->y;
            double bx = (cos(angle) * qx + sin(angle) * qy) / motion->zoom;
            double by = (-sin(angle) * qx + cos(angle) * qy) / motion->zoom;
            for (int c = 0; c < 3; c++) {
                sol_image_row(*first, y)[3 * x + c] = noisy(sample(from, mid_x + px, mid_y + py, c), noise, &state);
                sol_image_row(*second, y)[3 * x + c] = noisy(sample(from, mid_x + bx, mid_y + by, c), noise, &state);
            }
        }
}

double endpoint_error(const SolFlow *flow, const Motion *motion, int margin)
{
    double sum = 0, count = 0;
    for (int y = margin; y < flow->height - margin; y++)
        for (int x = margin; x < flow->width - margin; x++) {
            size_t i = (size_t)y * (size_t)flow->width + (size_t)x;
            double u, v;
            motion_at(motion, flow->width, flow->height, x, y, &u, &v);
            if (x + u < margin || y + v < margin || x + u >= flow->width - margin || y + v >= flow->height - margin)
                continue;
            sum += hypot(flow->u[i] - u, flow->v[i] - v);
            count++;
        }
    return count > 0 ? sum / count : 0;
}
