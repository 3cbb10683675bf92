/* SPDX-License-Identifier: Apache-2.0
 *
 * A look at a region: the mask that a layer of a schedule has at a frame, or the frame with that drawn on it.
 */
#include <solstice/render.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "image/image.h"
#include "media/video.h"
#include "region/outline.h"
#include "region/region.h"
#include "schedule/timeline.h"

#include <string.h>

/* How far what is selected takes the tint, of 255; and that of its outline. */
enum { TINT = 110, LINE_OF = 360 }; /* a frame so high has an outline of one pixel */
static const uint8_t tint[3] = {255, 40, 150}, line[3] = {255, 255, 255};

/* What is looked at. */
typedef struct View {
    const SolMaskOptions *wishes;
    const SolRenderOptions *options;
    SolVideo *video;
    SolVideoInfo info;
    SolVideoIndex index;
    SolTimeline *timeline;
    int stretch;
    const SolRegion *region;
    SolPool *pool;
    SolSelector *selector;
    SolMask *mask;
    SolImage *frame; /* the one that is shown */
} View;

static void close_view(View *view)
{
    sol_image_unref(&view->frame);
    sol_mask_close(&view->mask);
    sol_selector_close(&view->selector);
    sol_pool_close(&view->pool);
    sol_timeline_close(&view->timeline);
    sol_video_index_clear(&view->index);
    sol_video_close(&view->video);
}

/* ---- which region ---- */

static int find_segment(View *view)
{
    const char *name = view->wishes->segment;
    int64_t number = 0, covered = 0, n = view->wishes->frame;
    if (name && !sol_parse_int(name, 1, INT32_MAX, &number))
        number = 0;
    view->stretch = -1;
    for (int pass = 0; pass < 2 && view->stretch < 0; pass++, covered = 0) /* names come before numbers */
        for (int i = 0; i < sol_timeline_count(view->timeline) && view->stretch < 0; i++) {
            SolStretch stretch;
            sol_timeline_stretch(view->timeline, i, &stretch);
            covered += stretch.covered;
            if (name ? stretch.covered && (pass ? covered == number : strcmp(stretch.name, name) == 0)
                     : n >= stretch.first && n <= stretch.last)
                view->stretch = i;
        }
    if (view->stretch < 0)
        return sol_fail(SOL_ERR_ARGUMENT,
                        "there is no segment \"%s\"; \"solstice check\" lists those that there are", name);
    return SOL_OK;
}

static int find_region(View *view)
{
    int wanted = view->wishes->layer, regions = 0, shown = 0;
    long long frame = view->wishes->frame;
    SolStretch stretch;
    sol_timeline_stretch(view->timeline, view->stretch, &stretch);
    if (wanted > stretch.layer_count)
        return sol_fail(SOL_ERR_ARGUMENT, "there is no layer %d; the segment has %d", wanted, stretch.layer_count);
    for (int k = 0; k < stretch.layer_count; k++)
        if (stretch.layers[k].region && (wanted == 0 || wanted == k + 1) && ++regions == 1) {
            view->region = stretch.layers[k].region;
            shown = k + 1;
        }
    if (regions == 0 && wanted > 0)
        return sol_fail(SOL_ERR_ARGUMENT, "layer %d has no region; it covers the whole frame", wanted);
    if (regions == 0)
        return sol_fail(SOL_ERR_ARGUMENT,
                        "frame %lld lies where no layer has a region; choose another frame or segment", frame);
    if (regions > 1)
        sol_log(view->options->log, SOL_LOG_NOTE, "%d layers have regions; this is that of layer %d", regions, shown);
    return SOL_OK;
}

/* ---- the frames ---- */

static int open_input(View *view, const SolSchedule *schedule)
{
    const SolRenderOptions *options = view->options;
    const SolVideoOptions wishes = {.short_side = options->size,
                                    .threads = options->threads,
                                    .log = options->log,
                                    .cancelled = options->cancelled,
                                    .user = options->user};
    int result = sol_schedule_open_input(schedule, &wishes, &view->video);
    if (result == SOL_OK)
        result = sol_video_index(view->video, &view->index);
    if (result != SOL_OK)
        return result;
    sol_video_info(view->video, &view->info);
    if (view->wishes->frame < 0 || view->wishes->frame >= view->index.frames)
        return sol_fail(SOL_ERR_ARGUMENT, "there is no frame %lld; the last one is %lld",
                        (long long)view->wishes->frame, (long long)view->index.frames - 1);
    return SOL_OK;
}

static int open_selector(View *view)
{
    const SolSelectorSource source = {view->info.out_width, view->info.out_height, view->info.upright_width,
                                      view->info.upright_height, view->pool, NULL};
    int result = sol_selector_open(&view->selector, view->region, &source);
    return result == SOL_OK ? sol_mask_create(&view->mask, source.width, source.height) : result;
}

/* The first frame that the region has to have seen. */
static int64_t first_frame(const View *view)
{
    int64_t last = view->wishes->frame, first = last - SOL_MASK_WARM_UP;
    SolStretch stretch;
    if (!sol_region_remembers(view->region))
        return last;
    sol_timeline_stretch(view->timeline, view->stretch, &stretch);
    first = first > stretch.first ? first : stretch.first;
    return first < last ? first : last;
}

/* Brings the region to the frame. */
static int run_through(View *view)
{
    const SolRenderOptions *options = view->options;
    int64_t last = view->wishes->frame, n = first_frame(view);
    int result = sol_video_skip_to(view->video, n);
    for (; n <= last && result == SOL_OK; n++) {
        SolInstant at = sol_timeline_instant(view->timeline, view->stretch, n, sol_index_seconds(&view->index, n));
        sol_image_unref(&view->frame);
        if (options->cancelled && options->cancelled(options->user))
            return sol_fail(SOL_ERR_CANCELLED, "interrupted");
        result = sol_video_read(view->video, &view->frame);
        if (result == SOL_OK && !view->frame)
            result = sol_fail(SOL_ERR_FORMAT, "frame %lld could not be read", (long long)n);
        if (result == SOL_OK)
            result = sol_selector_at(view->selector, view->frame, at, view->mask);
    }
    return result;
}

/* ---- the picture ---- */

static int draw_mask(const SolMask *mask, SolImage **out)
{
    SolImage *image = NULL;
    int result = sol_image_create(&image, mask->width, mask->height);
    for (int y = 0; y < mask->height && result == SOL_OK; y++) {
        const uint8_t *from = sol_mask_row(mask, y);
        uint8_t *to = sol_image_row(image, y);
        for (int x = 0; x < mask->width; x++)
            memset(to + 3 * x, from[x], 3);
    }
    if (result == SOL_OK)
        *out = image;
    return result;
}

/* What lies outside of the line where the mask is half of the most that it is, and near that line. */
static int make_outline(const SolMask *mask, SolMask *outline, SolPool *pool)
{
    size_t count = (size_t)mask->width * (size_t)mask->height;
    int side = mask->width < mask->height ? mask->width : mask->height, half = 1, result;
    for (size_t i = 0; i < count; i++)
        half = (mask->values[i] + 1) / 2 > half ? (mask->values[i] + 1) / 2 : half;
    for (size_t i = 0; i < count; i++)
        outline->values[i] = mask->values[i] >= half ? 255 : 0;
    result = sol_mask_grow(outline, (side + LINE_OF - 1) / LINE_OF, pool);
    for (size_t i = 0; i < count; i++)
        outline->values[i] = mask->values[i] >= half ? 0 : outline->values[i];
    return result;
}

/* The frame, tinted as far as the mask goes, with its outline. */
static int draw_overlay(const View *view, SolImage **out)
{
    const SolMask *mask = view->mask;
    SolMask *outline = NULL;
    SolImage *image = NULL;
    int result = sol_mask_create(&outline, mask->width, mask->height);
    if (result == SOL_OK)
        result = make_outline(mask, outline, view->pool);
    if (result == SOL_OK)
        result = sol_image_create(&image, mask->width, mask->height);
    for (int y = 0; y < mask->height && result == SOL_OK; y++) {
        const uint8_t *from = sol_image_row_const(view->frame, y), *cover = sol_mask_row(mask, y);
        const uint8_t *edge = sol_mask_row(outline, y);
        uint8_t *to = sol_image_row(image, y);
        for (int i = 0; i < 3 * mask->width; i++) {
            int weight = cover[i / 3] * TINT / 255, tinted = from[i] * (255 - weight) + tint[i % 3] * weight;
            to[i] = (uint8_t)(edge[i / 3] ? line[i % 3] : (tinted + 127) / 255);
        }
    }
    sol_mask_close(&outline);
    if (result == SOL_OK)
        *out = image;
    else
        sol_image_unref(&image);
    return result;
}

static double share_of(const SolMask *mask)
{
    size_t count = (size_t)mask->width * (size_t)mask->height;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += mask->values[i];
    return sum / 255 / (double)count;
}

int sol_render_mask(SolImage **image, double *selected, const SolSchedule *schedule, const SolMaskOptions *wishes,
                    const SolRenderOptions *options)
{
    View view = {.wishes = wishes, .options = options};
    int result = open_input(&view, schedule);
    if (result == SOL_OK)
        result = sol_timeline_open(&view.timeline, schedule, &view.index);
    if (result == SOL_OK)
        result = find_segment(&view);
    if (result == SOL_OK)
        result = find_region(&view);
    if (result == SOL_OK)
        result = sol_pool_open(&view.pool, options->threads);
    if (result == SOL_OK)
        result = open_selector(&view);
    if (result == SOL_OK)
        result = run_through(&view);
    if (result == SOL_OK)
        result = wishes->overlay ? draw_overlay(&view, image) : draw_mask(view.mask, image);
    if (result == SOL_OK && selected)
        *selected = share_of(view.mask);
    close_view(&view);
    return result;
}
