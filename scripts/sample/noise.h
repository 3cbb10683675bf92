/* SPDX-License-Identifier: Apache-2.0
 *
 * Repeatable randomness for the sample pictures: a small seeded generator,
 * gradient noise in two and three dimensions, and sums of its octaves.
 * The same seed gives the same numbers on every machine.
 */
#ifndef SAMPLE_NOISE_H
#define SAMPLE_NOISE_H

#include <stdint.h>

struct rng {
    uint32_t state;
};

void rng_seed(struct rng *r, uint32_t seed);
float rng_unit(struct rng *r);                     /* [0, 1) */
float rng_span(struct rng *r, float lo, float hi); /* [lo, hi) */
float rng_bell(struct rng *r);                     /* about normal, sd 1 */

uint32_t hash_u32(uint32_t v);
float noise2(float x, float y, uint32_t seed);          /* about [-1, 1] */
float noise3(float x, float y, float z, uint32_t seed); /* about [-1, 1] */
float fbm2(float x, float y, int octaves, uint32_t seed);
float fbm3(float x, float y, float z, int octaves, uint32_t seed);

static inline float clampf(float v, float lo, float hi)
{
    return v < lo ? lo : (v > hi ? hi : v);
}

static inline float mixf(float a, float b, float t)
{
    return a + (b - a) * t;
}

/* 0 below lo, 1 above hi, an S between them; lo may be above hi. */
static inline float smoothf(float lo, float hi, float v)
{
    float t = clampf((v - lo) / (hi - lo), 0.0f, 1.0f);

    return t * t * (3.0f - 2.0f * t);
}

#endif
