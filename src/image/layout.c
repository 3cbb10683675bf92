/* SPDX-License-Identifier: Apache-2.0
 *
 * Layouts: side by side, one above the other, and one wiping the other away.
 */
#include "image/layout.h"

#include "base/error.h"
#include "image/image.h"

#include <string.h>

enum { LINE_SHARE = 320 }; /* so many columns of a picture make one of a wipe's line */

static const char *const names[] = {[SOL_LAYOUT_PAINTING] = "painting", [SOL_LAYOUT_SIDE_BY_SIDE] = "side-by-side",
                                    [SOL_LAYOUT_STACKED] = "stacked", [SOL_LAYOUT_WIPE] = "wipe"};
enum { LAYOUTS = sizeof names / sizeof *names };

const char *sol_layout_name(int layout)
{
    return layout >= 0 && layout < LAYOUTS ? names[layout] : NULL;
}

bool sol_layout_find(const char *name, SolLayout *layout)
{
    for (int i = 0; i < LAYOUTS; i++)
        if (strcmp(names[i], name) == 0) {
            *layout = (SolLayout)i;
            return true;
        }
    return false;
}

void sol_layout_size(SolLayout layout, int *width, int *height)
{
    *width *= layout == SOL_LAYOUT_SIDE_BY_SIDE ? 2 : 1;
    *height *= layout == SOL_LAYOUT_STACKED ? 2 : 1;
}

static int within(double value, int most)
{
    return value < 0 ? 0 : value > most ? most : (int)value;
}

void sol_layout_wipe(int width, int64_t i, int64_t count, int *edge, int *end)
{
    int line = width < LINE_SHARE ? 1 : (width + LINE_SHARE / 2) / LINE_SHARE;
    double share = count > 1 ? (double)i / (double)(count - 1) : 0.5;
    double at = (double)(int64_t)(share * (width + line) + 0.5);
    *edge = within(at - line, width);
    *end = within(at, width);
}

/* Copies `count` columns of a row, from column `x` of one picture to column `to_x` of the other. */
static void copy_columns(SolImage *to, int to_x, int to_y, const SolImage *from, int x, int y, int count)
{
    memcpy(sol_image_row(to, to_y) + 3 * (size_t)to_x, sol_image_row_const(from, y) + 3 * (size_t)x, 3 * (size_t)count);
}

static void wipe(SolImage *composed, const SolImage *source, const SolImage *painting, int64_t i, int64_t count)
{
    int width = painting->width, edge, end;
    sol_layout_wipe(width, i, count, &edge, &end);
    for (int y = 0; y < painting->height; y++) {
        copy_columns(composed, 0, y, painting, 0, y, edge);
        memset(sol_image_row(composed, y) + 3 * (size_t)edge, 255, 3 * (size_t)(end - edge));
        copy_columns(composed, end, y, source, end, y, width - end);
    }
}

int sol_layout_compose(SolImage **out, SolLayout layout, const SolImage *source, const SolImage *painting, int64_t i,
                       int64_t count)
{
    int width = painting->width, height = painting->height, result;
    int right = layout == SOL_LAYOUT_SIDE_BY_SIDE ? width : 0, below = layout == SOL_LAYOUT_STACKED ? height : 0;
    SolImage *composed = NULL;
    sol_layout_size(layout, &width, &height);
    result = sol_image_create(&composed, width, height);
    if (result != SOL_OK)
        return result;
    if (layout == SOL_LAYOUT_WIPE)
        wipe(composed, source, painting, i, count);
    for (int y = 0; y < painting->height && layout != SOL_LAYOUT_WIPE; y++) {
        if (layout != SOL_LAYOUT_PAINTING)
            copy_columns(composed, 0, y, source, 0, y, source->width);
        copy_columns(composed, right, below + y, painting, 0, y, painting->width);
    }
    sol_image_copy_time(composed, painting);
    *out = composed;
    return SOL_OK;
}
