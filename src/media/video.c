/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader's face: picks the kind of input that takes a path, and passes calls on to it.
 */
#include "media/video.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>

struct SolVideo {
    const SolVideoSource *source;
    void *state;
    SolVideoInfo info;
};

/* The first that takes a path has it. */
static const SolVideoSource *const sources[] = {&sol_source_joined, &sol_source_spooled, &sol_source_numbered,
                                               &sol_source_file};

static int check_options(SolVideoOptions *options)
{
    SolRational *rate = &options->framerate;
    if (rate->num == 0 && rate->den == 0)
        *rate = (SolRational){30, 1};
    if (rate->num <= 0 || rate->den <= 0)
        return sol_fail(SOL_ERR_ARGUMENT, "a frame rate of %d/%d; give one above 0", rate->num, rate->den);
    if (options->short_side < 0 || options->short_side > SOL_IMAGE_MAX_SIDE)
        return sol_fail(SOL_ERR_ARGUMENT, "a shorter side of %d pixels; give 1 to %d, or 0 for the input's own",
                        options->short_side, SOL_IMAGE_MAX_SIDE);
    if (options->threads < 0)
        return sol_fail(SOL_ERR_ARGUMENT, "%d threads; give 1 or more, or 0 for one a processor", options->threads);
    return SOL_OK;
}

int sol_video_open(SolVideo **out, const char *path, const SolVideoOptions *given)
{
    SolVideoOptions options = given ? *given : (SolVideoOptions){0};
    SolVideo *video;
    size_t i = 0;
    int result = check_options(&options);
    if (result != SOL_OK)
        return result;
    video = sol_calloc(1, sizeof *video);
    if (!video)
        return sol_fail_memory("a video");
    while (i + 1 < sizeof sources / sizeof *sources && !sources[i]->takes(path, &options))
        i++;
    video->source = sources[i];
    result = video->source->open(&video->state, &video->info, path, &options);
    if (result == SOL_OK)
        *out = video;
    else
        sol_free(video);
    return result;
}

void sol_video_info(const SolVideo *video, SolVideoInfo *info)
{
    *info = video->info;
}

int sol_video_index(SolVideo *video, SolVideoIndex *index)
{
    return video->source->index(video->state, index);
}

void sol_video_index_clear(SolVideoIndex *index)
{
    free(index->pts);
    *index = (SolVideoIndex){0};
}

double sol_index_seconds(const SolVideoIndex *index, int64_t frame)
{
    int64_t pts = frame < index->frames ? index->pts[frame] : index->end;
    return (double)pts * index->time_base.num / index->time_base.den;
}

int64_t sol_index_find(const SolVideoIndex *index, double seconds)
{
    int64_t low = 0, high = index->frames;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (sol_index_seconds(index, middle) < seconds - SOL_TIME_TOLERANCE)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int sol_video_read(SolVideo *video, SolImage **image)
{
    return video->source->read(video->state, image);
}

int sol_video_skip_to(SolVideo *video, int64_t frame)
{
    return video->source->skip_to(video->state, frame);
}

int sol_video_interrupted(const SolVideoOptions *options)
{
    return options->cancelled && options->cancelled(options->user) ? sol_fail(SOL_ERR_CANCELLED, "interrupted") : SOL_OK;
}

bool sol_video_has_digest(const SolVideo *video)
{
    return video->source->digest != NULL;
}

int sol_video_digest(const SolVideo *video, SolDigester *digester)
{
    return video->source->digest(video->state, digester);
}

void sol_video_close(SolVideo **out)
{
    SolVideo *video = *out;
    *out = NULL;
    if (!video)
        return;
    video->source->close(video->state);
    sol_free(video);
}
