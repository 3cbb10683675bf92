/* SPDX-License-Identifier: Apache-2.0
 *
 * Four landscapes, one for each season: the scenes the paintings are made
 * from.  Each is composed of the same parts in its own colours.
 */
#ifndef SAMPLE_SEASON_H
#define SAMPLE_SEASON_H

#include "raster.h"
#include "stock.h"

enum season { SPRING, SUMMER, AUTUMN, WINTER, SEASONS };

extern const char *const season_name[SEASONS];

/* The scene at twice the size of the finished painting. */
struct image season_scene(enum season which, const struct stock *stock);
/* The scene painted, at its finished size. */
struct image season_painting(enum season which, const struct stock *stock);

#endif
