/* SPDX-License-Identifier: Apache-2.0
 *
 * Times are whole numbers of a time base, and rates are fractions; the products of 128 bits between them
 * are libavutil's. So a rate such as 30000/1001 stays exact for ever.
 */
#include "media/cadence.h"

#include <libavutil/mathematics.h>
#include <libavutil/rational.h>
#include <stdlib.h>

enum {
    USUAL_RATE = 30,         /* pictures a second that uneven frames are sped up to */
    RATE_TERMS = 1000000,
    NEAR = 200               /* one part in so many: rates that are the same but for rounding */
};

static AVRational av(SolRational r)
{
    return (AVRational){r.num, r.den};
}

static SolRational fraction(int64_t num, int64_t den, int64_t most)
{
    SolRational r;
    av_reduce(&r.num, &r.den, num, den, most);
    return r;
}

static bool is_given(SolRational r)
{
    return r.num > 0 && r.den > 0;
}

/* ---- constant rates ---- */

static int64_t end_of(const SolCadenceRequest *request)
{
    const SolVideoIndex *index = request->index;
    int64_t next = request->first + request->count;
    return (next < index->frames ? index->pts[next] : index->end) - index->pts[request->first];
}

/* True where every frame begins within half a frame of where a constant rate would have it. */
static bool is_even(const SolCadenceRequest *request)
{
    const int64_t *pts = request->index->pts + request->first;
    int64_t end = end_of(request), half = end / request->count / 2;
    for (int64_t i = 1; i < request->count; i++)
        if (llabs(pts[i] - pts[0] - av_rescale(i, end, request->count)) > half)
            return false;
    return true;
}

/* The rate of the pictures where frames are dropped, since they are faster than in the source. */
static SolRational rate_of_fast(const SolCadenceRequest *request, AVRational speed)
{
    SolRational base = request->time_base, average, fast;
    if (!request->index || request->count <= 0)
        return request->frame_rate;
    average = (SolRational){0, 1};
    if (request->count <= INT64_MAX / base.den && end_of(request) <= INT64_MAX / base.num)
        average = fraction(request->count * base.den, end_of(request) * base.num, RATE_TERMS);
    if (!is_given(average))
        return request->frame_rate;
    if (is_even(request)) {
        AVRational nominal = av(request->frame_rate), off = av_sub_q(nominal, av(average));
        off.num = abs(off.num);
        return is_given(request->frame_rate) && av_cmp_q(off, av_mul_q(nominal, (AVRational){1, NEAR})) < 0
                   ? request->frame_rate
                   : average;
    }
    fast.num = (int)(av_q2d(av(average)) * av_q2d(speed) + 0.5);
    average.num = (int)(av_q2d(av(average)) + 0.5);
    if (average.num < USUAL_RATE)
        average.num = USUAL_RATE;
    fast.num = fast.num < 1 ? 1 : fast.num < average.num ? fast.num : average.num;
    fast.den = 1;
    return fast;
}

/* A quarter of a picture of the output, or of a frame of the source, whichever is shorter. */
static int64_t choose_slack(const SolCadence *cadence, const SolCadenceRequest *request)
{
    int64_t picture = av_rescale_q(1, av(cadence->time_base), av(cadence->unit)), frame = picture;
    if (request->index && request->count > 0)
        frame = end_of(request) / request->count;
    else if (is_given(request->frame_rate))
        frame = av_rescale_q(1, av_inv_q(av(request->frame_rate)), av(request->time_base));
    return (frame < picture ? frame : picture) / 4;
}

/* ---- the cadence ---- */

void sol_cadence_open(SolCadence *cadence, const SolCadenceRequest *request)
{
    AVRational speed = is_given(request->speed) ? av(request->speed) : (AVRational){1, 1};
    SolRational base = request->time_base, rate = request->fps;
    cadence->slack = 0;
    cadence->unit = fraction((int64_t)base.num * speed.den, (int64_t)base.den * speed.num, INT32_MAX);
    if (!is_given(rate) && speed.num > speed.den)
        rate = rate_of_fast(request, speed);
    cadence->regular = is_given(rate);
    if (cadence->regular) {
        rate = fraction(rate.num, rate.den, RATE_TERMS);
        cadence->time_base = (SolRational){rate.den, rate.num};
        cadence->frame_rate = rate;
        cadence->slack = choose_slack(cadence, request);
        return;
    }
    cadence->time_base = cadence->unit;
    cadence->frame_rate = request->frame_rate;
    if (is_given(request->frame_rate))
        cadence->frame_rate = fraction((int64_t)request->frame_rate.num * speed.num,
                                       (int64_t)request->frame_rate.den * speed.den, INT32_MAX);
}

/* The number of the first picture at which a frame that starts at `time` may be seen. */
static int64_t first_seen(const SolCadence *cadence, int64_t time)
{
    return time <= cadence->slack ? 0 : av_rescale_q_rnd(time - cadence->slack, av(cadence->unit),
                                                         av(cadence->time_base), AV_ROUND_UP);
}

int64_t sol_cadence_end(const SolCadence *cadence, int64_t end, bool last)
{
    int64_t pictures;
    if (!cadence->regular)
        return end;
    pictures = first_seen(cadence, end);
    return pictures > 0 || !last ? pictures : 1;
}

SolShowing sol_cadence_show(const SolCadence *cadence, int64_t start, int64_t end, bool last)
{
    int64_t first;
    if (!cadence->regular)
        return (SolShowing){start, 1, end - start};
    first = first_seen(cadence, start);
    return (SolShowing){first, sol_cadence_end(cadence, end, last) - first, 1};
}
