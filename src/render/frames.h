/* SPDX-License-Identifier: Apache-2.0
 *
 * Rendering single frames of a schedule, as they would be in the film, for who asks for them.
 */
#ifndef SOL_RENDER_FRAMES_H
#define SOL_RENDER_FRAMES_H

#include <solstice/render.h>

/* Who asks. */
typedef struct SolFrames {
    /**
     * Says which frames are wanted.
     *
     * @param width, height  of the frames
     * @param[out] numbers   [*count] ascending, without repetition; freed with sol_free()
     */
    int (*choose)(void *context, const SolTimeline *timeline, int width, int height, int64_t **numbers, int *count);

    /** Takes the next of them; a painted one has its source with it. The picture is the caller's. */
    int (*take)(void *context, const SolImage *image);

    void *context;
} SolFrames;

/** Renders them, with what `options` say but of outputs and ranges; as sol_render() in all else, and writes nothing. */
int sol_render_frames(const SolSchedule *schedule, const SolRenderOptions *options, const SolFrames *frames);

#endif
