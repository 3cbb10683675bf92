/* SPDX-License-Identifier: Apache-2.0
 *
 * Schedules, and the timeline that one makes of a clip of a hundred frames.
 */
#include "fuzz/fuzz.h"

#include <solstice/schedule.h>

enum { FRAMES = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const folders[] = {"models", NULL};
    static int64_t pts[FRAMES];
    const SolScheduleOptions options = {.model_folders = folders};
    const SolVideoIndex index = {.frames = FRAMES, .pts = pts, .end = FRAMES, .time_base = {1, 25}};
    SolSchedule *schedule = NULL;
    SolTimeline *timeline = NULL;
    for (int i = 0; i < FRAMES; i++)
        pts[i] = i;
    if (sol_schedule_load(&schedule, as_file(data, size), &options) == 0 &&
        sol_timeline_open(&timeline, schedule, &index) == 0)
        for (int64_t n = -1; n <= FRAMES; n++) {
            SolMoment moment;
            sol_timeline_at(timeline, n, &moment);
            require(moment.stretch >= 0 && moment.stretch < sol_timeline_count(timeline));
            require(moment.sides == 0 || (moment.opacity > 0 && moment.opacity <= 1));
        }
    sol_timeline_close(&timeline);
    sol_schedule_close(&schedule);
    return 0;
}
