/* SPDX-License-Identifier: Apache-2.0
 *
 * Shapes that a schedule draws: rectangles, ellipses, polygons. Every pixel's value is the part of it that the shape
 * covers, so that shapes may lie, and move, between pixels.
 */
#ifndef SOL_REGION_SHAPES_H
#define SOL_REGION_SHAPES_H

#include "region/node.h"

enum { SOL_POLYGON_LEAST = 3, SOL_POLYGON_MOST = 1000 };

/*
 * What sol_region_rect, sol_region_ellipse and sol_region_polygon are made of. The numbers of `at` are lengths:
 *   rect      left, top, width, height
 *   ellipse   the middle's x and y, both radii (shares of the shorter side)
 *   polygon   x and y of every corner; where the outline crosses itself, all that it goes around is inside
 * Shares of x and width are of the frame's width, those of y and height of its height.
 */
typedef struct SolShape {
    SolTrack at;
} SolShape;

/** @param[out] shape  without a track; goes to a region, whose kind frees it. 0, SOL_ERR_NOMEM */
int sol_shape_create(SolShape **shape);

#endif
