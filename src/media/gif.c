/* SPDX-License-Identifier: Apache-2.0
 *
 * The writer of pictures that move, GIFs above all: which pictures are taken, when they show, and, where a GIF is to fit
 * into so many bytes, which of the ways to make it does. Making the file is animation.h's.
 *
 * Pictures are given on as they come. Only where they are wanted more than once are they kept on the disk as well: to play
 * them back again (bounce), or to make the GIF anew with less (max_size).
 *
 * A GIF counts time in hundredths of a second (cs), the others in thousandths. Every frame starts at its own time,
 * rounded, so that rounding errors do not add up; no frame is shorter than 2 cs, which browsers would slow down.
 */
#include "base/error.h"
#include "base/memory.h"
#include "media/animation.h"
#include "media/budget.h"
#include "media/frame_store.h"
#include "media/writer.h"

#include <libavutil/mathematics.h>
#include <string.h>

enum {
    MAX_RATE = 50,           /* frames a second */
    RATE_TERMS = 1000000,    /* largest numerator and denominator of a rate that is reckoned with */
    SAMPLE_SHARE = 10,       /* a sample has one of so many frames, */
    SAMPLE_RUN = 5,          /* in runs of so many, */
    SAMPLE_RUNS = 2,         /* and of such no fewer than so many */
    BEST_QUALITY = 100
};

typedef struct Gif {
    SolPending *file;
    SolAnimation *animation;
    SolFrameStore *store;    /* of all frames; NULL where they are wanted once only */
    int ticks;               /* units of a second in which time is counted */

    AVRational rate;         /* frames a second at most */
    bool regular;            /* frames start at multiples of 1 / rate, not at their own times */
    int64_t tick;            /* the last taken frame's place on a grid of 1 / rate */
    int64_t start;           /* the last taken frame's start, in ticks; -1: none yet */
    int64_t end;             /* of the last frame, in ticks, once it is known */
    SolImage *held;          /* the last taken frame */
    int64_t bytes;           /* of the file, once it is complete */
} Gif;

/* ---- choosing frames ---- */

static int64_t to_ticks(const SolWriter *writer, const Gif *gif, int64_t pts)
{
    return av_rescale_q(pts, (AVRational){writer->input.time_base.num, writer->input.time_base.den},
                        (AVRational){1, gif->ticks});
}

/* The shortest time that a frame may show, in ticks. */
static int64_t shortest(const Gif *gif)
{
    return gif->ticks / MAX_RATE;
}

static void choose_rate(const SolWriter *writer, Gif *gif)
{
    SolRational wanted = writer->settings->fps, source = writer->input.frame_rate;
    gif->ticks = sol_animation_ticks(writer->settings->path);
    gif->rate = (AVRational){MAX_RATE, 1};
    if (wanted.num > 0)
        av_reduce(&gif->rate.num, &gif->rate.den, wanted.num, wanted.den, RATE_TERMS);
    gif->regular = source.num > 0 && source.den > 0 &&
                   av_cmp_q((AVRational){source.num, source.den}, gif->rate) > 0;
    gif->start = -1;
}

/*
 * Whether the frame that shows from pts to end is taken, and from which time on. Time is cut into
 * ticks of 1 / rate; of the frames that start within a tick, or up to a quarter of one before it
 * (timestamps jitter), the first is taken. The first frame of all is always taken.
 */
static bool take(const SolWriter *writer, Gif *gif, int64_t pts, int64_t end)
{
    AVRational base = {writer->input.time_base.num, writer->input.time_base.den};
    int64_t quarters = av_rescale_q_rnd(pts, base, (AVRational){gif->rate.den, 4 * gif->rate.num}, AV_ROUND_DOWN);
    int64_t tick = (quarters + 1) / 4;
    int64_t start = gif->regular ? av_rescale_q(tick, av_inv_q(gif->rate), (AVRational){1, gif->ticks})
                                 : to_ticks(writer, gif, pts);
    if (gif->start >= 0 &&
        (tick <= gif->tick || start < gif->start + shortest(gif) || to_ticks(writer, gif, end) <= start))
        return false;
    gif->tick = tick;
    gif->start = start;
    return true;
}

static void gif_mark(const SolWriter *writer, bool wanted[])
{
    const SolWriterInput *input = &writer->input;
    Gif gif = {0};
    choose_rate(writer, &gif);
    for (int64_t i = 0; i < input->count; i++) {
        SolShowing showing = sol_writer_showing(writer, input->first + i);
        wanted[i] |= showing.count > 0 && take(writer, &gif, showing.pts, showing.pts + showing.duration);
    }
}

static bool gif_wants(const SolWriter *writer, int64_t pts, int64_t duration)
{
    Gif gif = *(const Gif *)writer->state;
    return take(writer, &gif, pts, pts + duration);
}

/* ---- from the store to a file ---- */

/* Which of the frames that are taken. */
typedef enum Share {
    ALL,
    RUNS,                    /* those of a sample */
    STARTS                   /* the first of each of its runs */
} Share;

/* How frames of the store go into a file. */
typedef struct Feed {
    const SolWriterInput *input; /* who may not want it any more */
    SolFrameStore *store;
    SolAnimation *animation;
    SolFraming *framing;     /* to the file's size; NULL: they have it */
    int64_t end;             /* of the last frame */
    int every;               /* the first of so many is taken */
    Share share;             /* and of these so many */
    int64_t frames, time;    /* that were added, and for how long they show */
} Feed;

/* How many frames are taken. */
static int64_t taken(const Feed *feed)
{
    return (sol_frame_store_count(feed->store) + feed->every - 1) / feed->every;
}

/*
 * Whether the taken frame number `k` is in the share. Runs of a sample lie in the middle of even stretches of frames;
 * there are several even in a short GIF, since single ones tell little: new palettes, for one, come by chance.
 */
static bool is_shared(const Feed *feed, int64_t k)
{
    int64_t all = taken(feed), stretch = SAMPLE_SHARE * SAMPLE_RUN, most = (all + stretch - 1) / stretch;
    int64_t runs = most > SAMPLE_RUNS ? most : all < SAMPLE_RUNS ? all : SAMPLE_RUNS;
    int64_t run = k * runs / all, from = (run * all + runs - 1) / runs, to = ((run + 1) * all + runs - 1) / runs;
    int64_t first = to - from > SAMPLE_RUN ? from + (to - from - SAMPLE_RUN) / 2 : from;
    return feed->share == ALL || k == first || (feed->share == RUNS && k > first && k < first + SAMPLE_RUN);
}

/* Adds a picture, and gives it back. */
static int feed_image(Feed *feed, SolImage **image, int64_t duration)
{
    const SolWriterInput *input = feed->input;
    SolImage *scaled = NULL;
    int result = input->cancelled && input->cancelled(input->user) ? sol_fail(SOL_ERR_CANCELLED, "interrupted") : SOL_OK;
    if (result == SOL_OK)
        result = sol_framing_apply(feed->framing, *image, &scaled);
    if (result == SOL_OK)
        result = sol_animation_add(feed->animation, scaled, duration);
    feed->frames++;
    feed->time += duration;
    sol_image_unref(&scaled);
    sol_image_unref(image);
    return result;
}

/* The taken frames from the first to the last. */
static int feed_forth(Feed *feed)
{
    SolImage *held = NULL;
    int64_t time = 0, start = 0;
    bool got = true;
    int result = SOL_OK;
    sol_frame_store_rewind(feed->store, false);
    for (int64_t frame = 0; result == SOL_OK && got; frame++) {
        result = sol_frame_store_step(feed->store, false, &time, &got);
        if (result != SOL_OK || (got && frame % feed->every != 0))
            continue;
        if (held)
            result = feed_image(feed, &held, (got ? time : feed->end) - start);
        if (result == SOL_OK && got && is_shared(feed, frame / feed->every))
            result = sol_frame_store_image(feed->store, &held);
        start = time;
    }
    sol_image_unref(&held);
    return result;
}

/* The taken frames between the last and the first, back again. */
static int feed_back(Feed *feed)
{
    int64_t time, after = feed->end, frame = sol_frame_store_count(feed->store), last = (taken(feed) - 1) * feed->every;
    bool got = true;
    int result = SOL_OK;
    sol_frame_store_rewind(feed->store, true);
    while (result == SOL_OK && --frame > 0) {
        SolImage *image = NULL;
        result = sol_frame_store_step(feed->store, true, &time, &got);
        if (result != SOL_OK || frame % feed->every != 0)
            continue;
        if (frame != last)
            result = sol_frame_store_image(feed->store, &image);
        if (image)
            result = feed_image(feed, &image, after - time);
        after = time;
    }
    return result;
}

/* ---- making the file ---- */

/* How a GIF is made that gives nothing up: in the quality that is wished, else in the best where its size is limited. */
static SolGifPlan whole_plan(const SolWriter *writer)
{
    const SolOutputSettings *settings = writer->settings;
    int quality = settings->quality > 0 || settings->max_size == 0 ? settings->quality : BEST_QUALITY;
    SolGifPlan plan = {.look = quality > 0 ? sol_gif_look_of_quality(quality) : sol_gif_look_default(),
                       .width = writer->report.width,
                       .every = 1};
    plan.look.colours = settings->colours > 0 ? settings->colours : 256;
    plan.look.kind = settings->dither;
    plan.look.dither = settings->dither == SOL_DITHER_NONE ? 0 : settings->dither_strength > 0 ? settings->dither_strength : 1;
    return plan;
}

/* The height that goes with a width. */
static int height_for(const SolWriter *writer, int width)
{
    int64_t whole = writer->report.width, height = ((int64_t)writer->report.height * width + whole / 2) / whole;
    return height < 1 ? 1 : (int)height;
}

static int open_animation(const SolWriter *writer, const SolGifPlan *plan, const SolPending *file,
                          SolAnimation **animation)
{
    const SolAnimationFormat format = {.path = writer->settings->path,
                                       .temporary = sol_pending_path(file),
                                       .width = plan->width,
                                       .height = height_for(writer, plan->width),
                                       .loop = writer->settings->loop,
                                       .threads = writer->input.threads,
                                       .look = plan->look,
                                       .quality = writer->settings->quality};
    return sol_animation_open(animation, &format);
}

/* Makes the GIF from the store, or a share of its frames, as `file`. */
static int make_from_store(SolWriter *writer, const SolGifPlan *plan, Share share, const SolPending *file, Feed *feed,
                           int64_t *bytes)
{
    Gif *gif = writer->state;
    int width = writer->report.width, height = writer->report.height;
    const SolFramingRequest request = {.width = width,
                                       .height = height,
                                       .area = {0, 0, width, height},
                                       .out_width = plan->width,
                                       .out_height = height_for(writer, plan->width)};
    int result;
    *feed = (Feed){.input = &writer->input, .store = gif->store, .end = gif->end, .every = plan->every, .share = share};
    result = sol_framing_open(&feed->framing, &request);
    if (result == SOL_OK)
        result = open_animation(writer, plan, file, &feed->animation);
    if (result == SOL_OK)
        result = feed_forth(feed);
    if (result == SOL_OK && writer->settings->bounce && share == ALL)
        result = feed_back(feed);
    if (result == SOL_OK)
        result = sol_animation_finish(feed->animation, bytes);
    sol_animation_close(&feed->animation);
    sol_framing_close(&feed->framing);
    return result;
}

/*
 * For the budget: how large the GIF would be, by a sample of it. What the frames take that begin a run, since they are new
 * all over, is what only the GIF's own first frame takes.
 */
static int probe(void *user, const SolGifPlan *plan, double *bytes)
{
    SolWriter *writer = user;
    SolPending *file = NULL;
    Feed runs, starts;
    int64_t whole = 0, first = 0, rest;
    int result = sol_pending_open(&file, writer->settings->path, true);
    if (result == SOL_OK)
        result = make_from_store(writer, plan, RUNS, file, &runs, &whole);
    if (result == SOL_OK)
        result = make_from_store(writer, plan, STARTS, file, &starts, &first);
    sol_pending_close(&file);
    if (result != SOL_OK)
        return result;
    rest = runs.frames > starts.frames ? runs.frames - starts.frames : 1;
    *bytes = (double)first / (double)starts.frames +
             (double)(whole - first) / (double)rest * (double)(taken(&runs) - 1);
    return SOL_OK;
}

/* For the budget: the GIF itself, which is the output where it is the largest so far that fits. */
static int make(void *user, const SolGifPlan *plan, int64_t *bytes)
{
    SolWriter *writer = user;
    Gif *gif = writer->state;
    SolPending *file = NULL;
    Feed feed;
    int result = sol_pending_open(&file, writer->settings->path, writer->input.overwrite);
    if (result == SOL_OK)
        result = make_from_store(writer, plan, ALL, file, &feed, bytes);
    if (result == SOL_OK && *bytes <= writer->settings->max_size &&
        (gif->bytes > writer->settings->max_size || *bytes > gif->bytes)) {
        SolPending *former = gif->file;
        gif->file = file;
        file = former;
        gif->bytes = *bytes;
        writer->report.frames = feed.frames;
        writer->report.seconds = (double)feed.time / gif->ticks;
    }
    sol_pending_close(&file);
    return result;
}

/* Has the GIF made anew, with less of this and that, until it fits. */
static int meet_budget(SolWriter *writer)
{
    const Gif *gif = writer->state;
    const int64_t count = sol_frame_store_count(gif->store);
    const SolBudget budget = {.path = writer->settings->path,
                              .most = writer->settings->max_size,
                              .whole = whole_plan(writer),
                              .bytes = gif->bytes,
                              .rate = (double)count * gif->ticks / (double)gif->end,
                              .count = count,
                              .order = writer->settings->give_up,
                              .log = writer->log};
    SolBudgetResult met;
    int result = sol_budget_meet(&budget, &(SolGifMaker){probe, make, writer}, &met);
    if (result != SOL_OK)
        return result;
    writer->report.height = height_for(writer, met.plan.width);
    writer->report.width = met.plan.width;
    return SOL_OK;
}

/* ---- the class ---- */

static int gif_open(SolWriter *writer)
{
    SolWriterReport *report = &writer->report;
    Gif *gif = sol_calloc(1, sizeof *gif);
    SolGifPlan plan;
    int result;
    if (!gif)
        return sol_fail_memory("a GIF");
    writer->state = gif;
    choose_rate(writer, gif);
    result = sol_writer_size(writer, &report->width, &report->height);
    if (result == SOL_OK)
        result = sol_pending_open(&gif->file, report->path, writer->input.overwrite);
    if (result != SOL_OK)
        return result;
    if (writer->settings->bounce || writer->settings->max_size > 0)
        result = sol_frame_store_open(&gif->store, report->path, report->width, report->height);
    plan = whole_plan(writer);
    return result == SOL_OK ? open_animation(writer, &plan, gif->file, &gif->animation) : result;
}

/* A part of a GIF is the pictures that it takes, at its size: what is made of them depends on those before. */
static int keep(SolWriter *writer, const SolImage *image, int64_t pts, int64_t duration)
{
    size_t row = (size_t)image->width * 3, size = row * (size_t)image->height;
    uint8_t *pixels = sol_alloc(size, 1);
    int result;
    if (!pixels)
        return sol_fail_memory("a part of a GIF");
    for (int y = 0; y < image->height; y++)
        memcpy(pixels + (size_t)y * row, sol_image_row_const(image, y), row);
    result = sol_records_append(writer->part,
                                &(SolRecord){.time = pts, .duration = duration, .size = size, .data = pixels});
    sol_free(pixels);
    return result;
}

/* Gives the held frame, which shows for `duration` ticks, to the file. */
static int add_held(SolWriter *writer, Gif *gif, int64_t duration)
{
    int result = sol_animation_add(gif->animation, gif->held, duration);
    sol_image_unref(&gif->held);
    writer->written = sol_animation_bytes(gif->animation);
    return result;
}

static int gif_write(SolWriter *writer, SolImage *image, int64_t pts, int64_t duration)
{
    Gif *gif = writer->state;
    int64_t former = gif->start;
    int result = SOL_OK;
    if (!take(writer, gif, pts, pts + duration))
        return SOL_OK;
    if (former >= 0)
        result = add_held(writer, gif, gif->start - former);
    if (result == SOL_OK && gif->store)
        result = sol_frame_store_add(gif->store, image, gif->start);
    if (result != SOL_OK)
        return result;
    gif->held = sol_image_ref(image);
    writer->report.frames++;
    return writer->part ? keep(writer, gif->held, pts, duration) : SOL_OK;
}

static int gif_splice(SolWriter *writer, const SolRecord *record)
{
    const SolWriterReport *report = &writer->report;
    size_t row = (size_t)report->width * 3;
    SolImage *image = NULL;
    int result;
    if (record->size != row * (size_t)report->height)
        return sol_fail(SOL_ERR_FORMAT, "%s: a part of it that was kept is of another size", report->path);
    result = sol_image_create(&image, report->width, report->height);
    if (result != SOL_OK)
        return result;
    for (int y = 0; y < report->height; y++)
        memcpy(sol_image_row(image, y), record->data + (size_t)y * row, row);
    result = gif_write(writer, image, record->time, record->duration);
    sol_image_unref(&image);
    return result;
}

static int gif_finish(SolWriter *writer)
{
    Gif *gif = writer->state;
    const SolOutputSettings *settings = writer->settings;
    int64_t end = to_ticks(writer, gif, writer->end), least = gif->start + shortest(gif);
    int result;
    gif->end = end < least ? least : end;
    writer->report.seconds = (double)gif->end / gif->ticks;
    result = add_held(writer, gif, gif->end - gif->start);
    if (result == SOL_OK && settings->bounce) {
        Feed feed = {.input = &writer->input,
                     .store = gif->store,
                     .animation = gif->animation,
                     .end = gif->end,
                     .every = 1};
        result = feed_back(&feed);
        writer->report.frames += feed.frames;
        writer->report.seconds += (double)feed.time / gif->ticks;
    }
    if (result == SOL_OK)
        result = sol_animation_finish(gif->animation, &gif->bytes);
    if (result == SOL_OK && settings->max_size > 0 && gif->bytes > settings->max_size)
        result = meet_budget(writer);
    if (result != SOL_OK)
        return result;
    writer->written = gif->bytes;
    return sol_writer_commit(writer, gif->file);
}

static void gif_close(SolWriter *writer)
{
    Gif *gif = writer->state;
    if (!gif)
        return;
    sol_animation_close(&gif->animation);
    sol_frame_store_close(&gif->store);
    sol_image_unref(&gif->held);
    sol_pending_close(&gif->file);
    sol_free(gif);
}

static int gif_check(const SolOutputSettings *settings)
{
    bool lossless = sol_path_has_extension(settings->path, "apng");
    if (settings->quality > 0 && lossless)
        return sol_fail(SOL_ERR_ARGUMENT, "\"quality\" does not apply to a .apng, which is lossless");
    return sol_animation_check(settings->path);
}

enum {
    KEYS = SOL_KEY_WIDTH | SOL_KEY_FPS | SOL_KEY_SPEED | SOL_KEY_FRAMES | SOL_KEY_LOOP | SOL_KEY_LAYOUT | SOL_KEY_CROP |
           SOL_KEY_TEXT | SOL_KEY_BOUNCE | SOL_KEY_QUALITY
};

const SolWriterClass sol_gif_writer = {
    .name = "GIF",
    .extensions = "gif",
    .keys = KEYS | SOL_KEY_COLOURS | SOL_KEY_DITHER | SOL_KEY_DITHER_STRENGTH | SOL_KEY_MAX_SIZE | SOL_KEY_GIVE_UP,
    .own_fps = true,
    .mark = gif_mark,
    .most_fps = MAX_RATE,
    .open = gif_open,
    .wants = gif_wants,
    .write = gif_write,
    .splice = gif_splice,
    .finish = gif_finish,
    .close = gif_close,
};

const SolWriterClass sol_animation_writer = {
    .name = "animation",
    .extensions = SOL_ANIMATION_EXTENSIONS,
    .keys = KEYS,
    .own_fps = true,
    .mark = gif_mark,
    .most_fps = MAX_RATE,
    .check = gif_check,
    .open = gif_open,
    .wants = gif_wants,
    .write = gif_write,
    .splice = gif_splice,
    .finish = gif_finish,
    .close = gif_close,
};
