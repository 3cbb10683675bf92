/* SPDX-License-Identifier: Apache-2.0
 *
 * Colours as a key describes them, by hue, saturation and value or by nearness to a colour, and how far an 8-bit RGB
 * colour is covered by such a description. Every colour is computed once and then looked up.
 */
#ifndef SOL_REGION_COLOURS_H
#define SOL_REGION_COLOURS_H

#include <stdbool.h>
#include <stdint.h>

/* Colours of a kind; what is not given holds for all. With ranges and a colour to be near to, both must hold. */
typedef struct SolKeyColours {
    bool by_hue;                       /* whether `hue` is given */
    double hue[2];                     /* degrees, 0..360; where the first is more than the second, by way of 0 */
    double saturation[2], value[2];    /* percent; 0, 100 holds for all */
    bool by_nearness;                  /* whether what follows is given */
    uint8_t near[3];                   /* R, G, B */
    double within;                     /* largest distance in Oklab, 0 or more */
} SolKeyColours;

/**
 * Hue (degrees, 0 for greys), saturation and value (percent) of a colour: OpenCV's HSV but for the units.
 */
void sol_hsv_of(const uint8_t rgb[3], double hsv[3]);

/**
 * Oklab (lightness, a, b) of linear light of sRGB's primaries: B. Ottosson, "A perceptual color space for image
 * processing", 2020.
 */
void sol_oklab_of_linear(const double linear[3], double lab[3]);

/** Oklab of an sRGB colour of 8 bits. */
void sol_oklab_of(const uint8_t rgb[3], double lab[3]);

/**
 * How far a colour is covered, 0..1. Within all that is given: 1. Outside, it falls smoothly to 0 over `soft` times 6
 * degrees of hue, 4 percent of saturation and of value, and a quarter of `within`; `soft` 0 makes hard edges. Greys
 * have no hue: with less than 8 levels between a colour's largest and least component a range of hues covers it less,
 * and with 2 not at all.
 */
double sol_colours_cover(const SolKeyColours *colours, double soft, const uint8_t rgb[3]);

/* What was looked up so far: up to 16 MiB. Several threads may look up at the same time. */
typedef struct SolColourTable SolColourTable;

/** @param[out] table  of `count` descriptions, which unite; borrowed until closed. 0, SOL_ERR_NOMEM */
int sol_colour_table_open(SolColourTable **table, const SolKeyColours *colours, int count, double soft);

/**
 * The coverage of a row of pixels, 1..255 for 0..1, and the pixels' components apart.
 *
 * @param rgb     [width][3]
 * @param cover   [width]
 * @param planes  R, G, B, [width] each; NULL: not wanted
 */
void sol_colour_table_row(SolColourTable *table, const uint8_t *rgb, int width, uint8_t *cover,
                          uint8_t *const planes[3]);

/** Sets *table to NULL; NULL is accepted. */
void sol_colour_table_close(SolColourTable **table);

#endif
