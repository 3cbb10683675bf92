/* SPDX-License-Identifier: Apache-2.0
 *
 * Windows that lie on each other made one find, as OpenCV's groupRectangles() does.
 */
#ifndef SOL_REGION_GROUP_H
#define SOL_REGION_GROUP_H

#include "region/detect.h"

/** Most windows that are grouped; comparing them takes the square of their number. */
enum { SOL_WINDOWS_MAX = 8192 };

/**
 * Windows whose edges are apart by no more than a fifth of their mean side belong together, also by way of others. A
 * group of more than `neighbours` becomes a find, with the mean of their edges, unless it lies in one of many more.
 *
 * @param finds  [SOL_FINDS_MAX], in the order of y, then x, then size
 * @return 0 or SOL_ERR_NOMEM
 */
int sol_group_windows(const SolArea *windows, int window_count, int neighbours, SolFind finds[SOL_FINDS_MAX],
                      int *count);

#endif
