/* SPDX-License-Identifier: Apache-2.0
 *
 * Repeatable randomness: an integer-hash generator and gradient noise whose
 * lattice gradients come from the same hash, so nothing has to be stored.
 */
#include "noise.h"

uint32_t hash_u32(uint32_t v)
{
    v ^= v >> 16;
    v *= 0x7feb352dU;
    v ^= v >> 15;
    v *= 0x846ca68bU;
    v ^= v >> 16;
    return v;
}

void rng_seed(struct rng *r, uint32_t seed)
{
    r->state = hash_u32(seed * 2654435769U + 77U);
}

float rng_unit(struct rng *r)
{
    r->state += 0x9e3779b9U;
    return (float)(hash_u32(r->state) >> 8) * (1.0f / 16777216.0f);
}

float rng_span(struct rng *r, float lo, float hi)
{
    return lo + (hi - lo) * rng_unit(r);
}

float rng_bell(struct rng *r)
{
    float sum = 0.0f;

    for (int i = 0; i < 4; i++)
        sum += rng_unit(r);
    return (sum - 2.0f) * 1.732f;
}

static int floor_int(float v)
{
    int i = (int)v;

    return (float)i > v ? i - 1 : i;
}

static float fade(float t)
{
    return t * t * t * (t * (t * 6.0f - 15.0f) + 10.0f);
}

static float corner2(int ix, int iy, uint32_t seed, float dx, float dy)
{
    static const float dir[16][2] = {
        {1.000f, 0.000f},  {0.924f, 0.383f},   {0.707f, 0.707f},   {0.383f, 0.924f},
        {0.000f, 1.000f},  {-0.383f, 0.924f},  {-0.707f, 0.707f},  {-0.924f, 0.383f},
        {-1.000f, 0.000f}, {-0.924f, -0.383f}, {-0.707f, -0.707f}, {-0.383f, -0.924f},
        {0.000f, -1.000f}, {0.383f, -0.924f},  {0.707f, -0.707f},  {0.924f, -0.383f},
    };
    uint32_t h = (uint32_t)ix * 0x9e3779b1U + (uint32_t)iy * 0x85ebca77U + seed * 0xc2b2ae3dU;
    const float *g = dir[hash_u32(h) & 15U];

    return g[0] * dx + g[1] * dy;
}

float noise2(float x, float y, uint32_t seed)
{
    int ix = floor_int(x);
    int iy = floor_int(y);
    float fx = x - (float)ix;
    float fy = y - (float)iy;
    float u = fade(fx);
    float a = mixf(corner2(ix, iy, seed, fx, fy), corner2(ix + 1, iy, seed, fx - 1.0f, fy), u);
    float b = mixf(corner2(ix, iy + 1, seed, fx, fy - 1.0f),
                   corner2(ix + 1, iy + 1, seed, fx - 1.0f, fy - 1.0f), u);

    return 1.4f * mixf(a, b, fade(fy));
}

static float corner3(int ix, int iy, int iz, uint32_t seed, float dx, float dy, float dz)
{
    uint32_t h = (uint32_t)ix * 0x9e3779b1U + (uint32_t)iy * 0x85ebca77U +
                 (uint32_t)iz * 0x27d4eb2fU + seed * 0xc2b2ae3dU;
    uint32_t k = hash_u32(h) & 15U;
    float a = k < 8U ? dx : dy;
    float b = k < 4U ? dy : (k == 12U || k == 14U ? dx : dz);

    return ((k & 1U) ? -a : a) + ((k & 2U) ? -b : b);
}

float noise3(float x, float y, float z, uint32_t seed)
{
    int ix = floor_int(x);
    int iy = floor_int(y);
    int iz = floor_int(z);
    float fx = x - (float)ix;
    float fy = y - (float)iy;
    float fz = z - (float)iz;
    float u = fade(fx);
    float v = fade(fy);
    float plane[2];

    for (int k = 0; k < 2; k++) {
        float dz = fz - (float)k;
        float a = mixf(corner3(ix, iy, iz + k, seed, fx, fy, dz),
                       corner3(ix + 1, iy, iz + k, seed, fx - 1.0f, fy, dz), u);
        float b = mixf(corner3(ix, iy + 1, iz + k, seed, fx, fy - 1.0f, dz),
                       corner3(ix + 1, iy + 1, iz + k, seed, fx - 1.0f, fy - 1.0f, dz), u);

        plane[k] = mixf(a, b, v);
    }
    return mixf(plane[0], plane[1], fade(fz));
}

float fbm2(float x, float y, int octaves, uint32_t seed)
{
    float sum = 0.0f;
    float amp = 0.5f;

    for (int i = 0; i < octaves; i++) {
        sum += amp * noise2(x, y, seed + (uint32_t)i);
        x = x * 2.03f + 17.3f;
        y = y * 2.03f + 9.1f;
        amp *= 0.5f;
    }
    return sum;
}

float fbm3(float x, float y, float z, int octaves, uint32_t seed)
{
    float sum = 0.0f;
    float amp = 0.5f;

    for (int i = 0; i < octaves; i++) {
        sum += amp * noise3(x, y, z, seed + (uint32_t)i);
        x = x * 2.03f + 17.3f;
        y = y * 2.03f + 9.1f;
        z = z * 2.03f + 4.7f;
        amp *= 0.5f;
    }
    return sum;
}
