/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be given up makes one way to go, from nothing to everything, in stages: in each, one thing goes from what
 * there is of it to the least, in the order that is wished; twice round, to a least that hardly shows first. Loss and
 * width go gradually, the others in steps: of the pictures every second one is left, then every third, so that motion
 * stays even; of the colours half, since codes are so many bits long. Each step is a large one, so that loss and width
 * begin anew at it. The stages between two steps are a leg, along which the size falls.
 *
 * How the size falls along a leg is found with a sample of the pictures at a few places of it (Points). Where the GIF
 * itself has been made, the sample's size is put right by the true one, between two such places by what lies between (in
 * logarithms, in which it is nearly straight), so that the next place to try follows from all that is known.
 */
#include "media/budget.h"

#include "base/error.h"
#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    TRIES = 4,
    MOST_TRIES = 8,      /* while nothing is small enough */
    LEAST_WIDTH = 16,    /* pixels */
    MOST_STAGES = 32,
    MOST_POINTS = 64,
    REFINED = 4          /* places that the sample is made at before a try, at most */
};

static const double before = 1e-9;       /* of a stage: the end of a leg is just before the next one */
static const double first_loss = 5;      /* as SolGifLook.lossy: from there on, its logarithm is what counts */
static const double near = 0.005;        /* in logarithms: as well as a size need be known before a try */
static const double apart = 0.02;        /* of a stage: what is nearer to a sample needs none of its own */
static const double wide_apart = 0.1;    /* the same of widths: sizes fall evenly, but for what each has by chance */
static const double least = 0.95;        /* of the budget: less than that is a waste of it */
static const double aims[] = {0.977, 0.975, 0.967, 0.93}; /* of the budget: of the first try that gives something up, .. */

/* The least that is left: as much as hardly shows, and, in a second round, as little as is still worth looking at. */
typedef struct Floor {
    double lossy, dither; /* as in SolGifLook */
    int colours;
    double width;         /* of what there was */
    int every;            /* pictures of which one is left, */
    double rate;          /* but so many a second */
} Floor;

enum { ROUNDS = 2 };
static const Floor floors[ROUNDS] = {{80, 1, 128, 0.5, 2, 7}, {300, 0, 32, 0.125, 4, 4}};

static const SolGiveUp usual_order[SOL_GIVE_UPS] = {SOL_GIVE_UP_LOSSY, SOL_GIVE_UP_WIDTH, SOL_GIVE_UP_FPS,
                                                    SOL_GIVE_UP_COLOURS, SOL_GIVE_UP_DITHER};

static const char *const names[SOL_GIVE_UPS] = {[SOL_GIVE_UP_LOSSY] = "lossy",
                                                [SOL_GIVE_UP_COLOURS] = "colours",
                                                [SOL_GIVE_UP_FPS] = "fps",
                                                [SOL_GIVE_UP_WIDTH] = "width",
                                                [SOL_GIVE_UP_DITHER] = "dither"};

bool sol_give_up_add(const char *word, SolGiveUp order[SOL_GIVE_UPS])
{
    int what = SOL_GIVE_UP_NOTHING + 1, end = 0;
    while (what < SOL_GIVE_UPS && strcmp(names[what], word) != 0)
        what++;
    while (end < SOL_GIVE_UPS && order[end] != SOL_GIVE_UP_NOTHING && order[end] != (SolGiveUp)what)
        end++;
    if (what == SOL_GIVE_UPS || end == SOL_GIVE_UPS || order[end] != SOL_GIVE_UP_NOTHING)
        return false;
    order[end] = (SolGiveUp)what;
    return true;
}

/* One thing goes from what `from` has to the least of it in a round. */
typedef struct Stage {
    SolGiveUp what;
    int round;
    SolGifPlan from;
    bool begins_leg;
} Stage;

/* The size, in logarithms, at a place of the way: a stage's number and how much of it. */
typedef struct Point {
    double place, size;
} Point;

typedef struct Points {
    Point at[MOST_POINTS]; /* ascending */
    int count;
} Points;

typedef struct Search {
    const SolBudget *budget;
    const SolGifMaker *maker;
    Stage stages[MOST_STAGES];
    int count;
    int first, end;        /* places between which the leg lies */
    Points sampled, made;  /* of this leg: the sample's sizes, and true ones */
    double whole;          /* the sample's size, in logarithms, with nothing given up */
    double correction;     /* by how much true sizes are above the sample's, where none of this leg is known yet */
    double too_large, too_small; /* places of this leg between which the right one lies */
    SolBudgetResult best;  /* bytes 0: none yet */
    int tries;
    int64_t smallest;      /* bytes of all that was made */
} Search;

/* ---- the way ---- */

/* What goes gradually. */
static SolGifPlan give_up_all(const SolBudget *budget, const Stage *stage, SolGifPlan plan)
{
    const Floor *floor = &floors[stage->round];
    int narrow = (int)(budget->whole.width * floor->width);
    if (stage->what == SOL_GIVE_UP_LOSSY && plan.look.lossy < floor->lossy)
        plan.look.lossy = floor->lossy;
    if (stage->what == SOL_GIVE_UP_WIDTH && plan.width > LEAST_WIDTH)
        plan.width = narrow > LEAST_WIDTH ? narrow : LEAST_WIDTH;
    return plan;
}

/* What goes in steps: takes one, or tells that there is none any more. */
static bool take_step(const SolBudget *budget, const Stage *stage, SolGifPlan *plan)
{
    const Floor *floor = &floors[stage->round];
    int every = plan->every + 1, colours = floor->colours;
    if (stage->what == SOL_GIVE_UP_FPS && every <= floor->every && budget->count / every >= 2 &&
        budget->rate / every >= floor->rate) {
        plan->every = every;
        return true;
    }
    if (stage->what == SOL_GIVE_UP_COLOURS && plan->look.colours > colours) {
        while (2 * colours < plan->look.colours)
            colours *= 2;
        plan->look.colours = colours;
        return true;
    }
    if (stage->what == SOL_GIVE_UP_DITHER && plan->look.dither > floor->dither) {
        plan->look.dither = floor->dither;
        return true;
    }
    return false;
}

static void add_stage(Search *search, const Stage *stage, SolGifPlan *plan, bool begins_leg)
{
    if (search->count == MOST_STAGES)
        return;
    search->stages[search->count++] = (Stage){stage->what, stage->round, *plan, begins_leg};
    *plan = give_up_all(search->budget, stage, *plan);
}

static void lay_out(Search *search)
{
    const SolBudget *budget = search->budget;
    const SolGiveUp *order = budget->order[0] != SOL_GIVE_UP_NOTHING ? budget->order : usual_order;
    SolGifPlan steps = budget->whole, plan = steps; /* steps: what goes in steps alone */
    Stage gone[ROUNDS * SOL_GIVE_UPS];              /* what goes gradually and has gone */
    int count = 0;
    for (int i = 0; i < ROUNDS * SOL_GIVE_UPS; i++) {
        Stage stage = {.what = order[i % SOL_GIVE_UPS], .round = i / SOL_GIVE_UPS};
        if (stage.what == SOL_GIVE_UP_LOSSY || stage.what == SOL_GIVE_UP_WIDTH) {
            add_stage(search, &stage, &plan, search->count == 0);
            gone[count++] = stage;
        }
        while (take_step(budget, &stage, &steps)) {
            plan = steps;
            for (int k = 0; k < count; k++)
                add_stage(search, &gone[k], &plan, k == 0);
            if (count == 0)
                add_stage(search, &stage, &plan, true);
        }
    }
}

static double between(double from, double to, double part)
{
    return from * pow(to / from, part);
}

/* The plan at a place. */
static SolGifPlan plan_at(const Search *search, double place)
{
    int number = (int)place < search->count ? (int)place : search->count - 1;
    const Stage *stage = &search->stages[number];
    SolGifPlan plan = stage->from, to = give_up_all(search->budget, stage, plan);
    double part = fmin(1, place - number);
    plan.look.lossy = between(plan.look.lossy + first_loss, to.look.lossy + first_loss, part) - first_loss;
    plan.width = (int)lround(between(plan.width, to.width, part));
    return plan;
}

/* ---- what is known ---- */

static void add_point(Points *points, double place, double size)
{
    int i = points->count;
    while (i > 0 && points->at[i - 1].place >= place)
        i--;
    if (i < points->count && points->at[i].place <= place) { /* known already */
        points->at[i].size = size;
        return;
    }
    if (points->count == MOST_POINTS)
        return;
    memmove(points->at + i + 1, points->at + i, (size_t)(points->count - i) * sizeof *points->at);
    points->at[i] = (Point){place, size};
    points->count++;
}

/* Straight between points, and on behind the last for as far again as it is from the one before. */
static double size_at(const Points *points, double place, double otherwise)
{
    const Point *at = points->at;
    int i = 1;
    if (points->count == 0)
        return otherwise;
    if (points->count == 1 || place <= at[0].place)
        return at[0].size;
    while (i < points->count - 1 && at[i].place < place)
        i++;
    place = fmin(place, 2 * at[i].place - at[i - 1].place);
    return at[i - 1].size +
           (at[i].size - at[i - 1].size) * (place - at[i - 1].place) / (at[i].place - at[i - 1].place);
}

/* By how much the true size is above the sample's. At a try that follows anew: samples near it may have come since. */
static double correction_at(const Search *search, double place)
{
    Points above = search->made;
    for (int i = 0; i < above.count; i++)
        above.at[i].size -= size_at(&search->sampled, above.at[i].place, 0);
    return size_at(&above, place, search->correction);
}

static double estimate(const Search *search, double place)
{
    return size_at(&search->sampled, place, 0) + correction_at(search, place);
}

/* Has the sample made as of a place. */
static int sample_at(Search *search, double place)
{
    SolGifPlan plan = plan_at(search, place);
    double bytes = 0;
    int result = search->maker->probe(search->maker->user, &plan, &bytes);
    if (result == SOL_OK)
        add_point(&search->sampled, place, log(fmax(1, bytes)));
    return result;
}

/* The same, where that is not known from one next to it. */
static int sample(Search *search, double place)
{
    bool wide = search->stages[(int)place].what == SOL_GIVE_UP_WIDTH;
    for (int i = 0; i < search->sampled.count; i++)
        if (fabs(search->sampled.at[i].place - place) < (wide ? wide_apart : apart))
            return SOL_OK;
    return sample_at(search, place);
}

/*
 * The sample at the first place of a stage that makes pictures narrower. There they are scaled and were not before,
 * which may well make the GIF larger.
 */
static int sample_scaled(Search *search, int number)
{
    const Stage *stage = &search->stages[number];
    int from = stage->from.width, to = give_up_all(search->budget, stage, stage->from).width;
    if (stage->what != SOL_GIVE_UP_WIDTH || from != search->budget->whole.width || to >= from - 1)
        return SOL_OK;
    return sample_at(search, number + log((from - 1.0) / from) / log((double)to / from));
}

/* ---- the search ---- */

/* The first place of the leg, among those that are not ruled out, where the size is estimated at `size` or less. */
static double solve(const Search *search, double size)
{
    double low = search->too_large, high = search->too_small;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (estimate(search, middle) > size)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* The stage behind the leg that stage `first` begins. */
static int end_of_leg(const Search *search, int first)
{
    int end = first + 1;
    while (end < search->count && !search->stages[end].begins_leg)
        end++;
    return end;
}

static void begin_leg(Search *search, int first)
{
    search->correction = correction_at(search, search->end);
    search->sampled.count = search->made.count = 0;
    search->first = first;
    search->end = end_of_leg(search, first);
    search->too_large = first;
    search->too_small = search->end - before;
    if (first == 0) { /* where it was made first of all */
        add_point(&search->sampled, 0, search->whole);
        add_point(&search->made, 0, log((double)search->budget->bytes));
    }
}

/* Goes to the first leg, from stage `first` on, at whose end the size is small enough; to the last where none is. */
static int choose_leg(Search *search, int first, double size)
{
    int result = SOL_OK;
    for (bool fits = false; result == SOL_OK && !fits && first < search->count; first = search->end) {
        begin_leg(search, first);
        result = sample(search, search->end - before);
        fits = estimate(search, search->end - before) <= size;
    }
    for (int place = search->first; result == SOL_OK && place < search->end; place++) {
        result = sample(search, place);
        if (result == SOL_OK && place > search->first && estimate(search, place) <= size)
            break;
        if (result == SOL_OK)
            result = sample_scaled(search, place);
    }
    return result;
}

/* Makes the GIF as it is at a place, and keeps in mind what that tells. */
static int make(Search *search, double place, int64_t *bytes)
{
    const SolBudget *budget = search->budget;
    SolGifPlan plan = plan_at(search, place);
    int result = search->maker->make(search->maker->user, &plan, bytes);
    if (result != SOL_OK)
        return result;
    search->tries++;
    search->smallest = *bytes < search->smallest ? *bytes : search->smallest;
    if (*bytes <= budget->most && *bytes > search->best.bytes)
        search->best = (SolBudgetResult){plan, *bytes, 0};
    add_point(&search->made, place, log((double)*bytes));
    if (*bytes > budget->most)
        search->too_large = fmax(place, search->too_large);
    else
        search->too_small = fmin(place, search->too_small);
    return SOL_OK;
}

/* One try, and what the sample has to say before it; *done: there is nothing to try behind it. */
static int try_again(Search *search, bool *done)
{
    const SolBudget *budget = search->budget;
    const int most_aims = sizeof aims / sizeof *aims;
    int64_t bytes = 0;
    int aim = search->tries - 1, result = SOL_OK;
    double size = log((double)budget->most * aims[aim < most_aims ? aim : most_aims - 1]), place = 0;
    for (int i = 0; i < REFINED && result == SOL_OK; i++) {
        place = solve(search, size);
        result = sample(search, place);
        if (fabs(estimate(search, place) - size) < near)
            break;
    }
    if (result == SOL_OK)
        result = make(search, place = solve(search, size), &bytes);
    if (result != SOL_OK)
        return result;
    *done = (bytes <= budget->most && ((double)bytes >= least * (double)budget->most || place <= search->first)) ||
            search->tries >= MOST_TRIES || (search->tries >= TRIES && search->best.bytes > 0);
    if (!*done && bytes > budget->most && place >= search->end - 1e-6) { /* the leg's end is not small enough */
        *done = search->end == search->count;
        if (!*done)
            result = choose_leg(search, search->end, size);
    }
    return result;
}

/* ---- telling ---- */

static void append(char *text, size_t room, const char *what)
{
    size_t used = strlen(text);
    snprintf(text + used, room - used, "%s%s", used ? ", " : "", what);
}

static void tell(const Search *search)
{
    const SolBudget *budget = search->budget;
    const SolGifPlan *whole = &budget->whole, *plan = &search->best.plan;
    char text[256] = "", part[64];
    if (plan->look.lossy > whole->look.lossy) {
        snprintf(part, sizeof part, "lossy %.3g", plan->look.lossy);
        append(text, sizeof text, part);
    }
    if (plan->look.colours < whole->look.colours) {
        snprintf(part, sizeof part, "%d of %d colours", plan->look.colours, whole->look.colours);
        append(text, sizeof text, part);
    }
    if (plan->every > 1) {
        snprintf(part, sizeof part, "one of %d pictures", plan->every);
        append(text, sizeof text, part);
    }
    if (plan->width < whole->width) {
        snprintf(part, sizeof part, "%d of %d pixels wide", plan->width, whole->width);
        append(text, sizeof text, part);
    }
    if (plan->look.dither < whole->look.dither)
        append(text, sizeof text, "no dither");
    sol_log(budget->log, SOL_LOG_NOTE, "%s: made to fit %lld bytes (%.1f %% of them used; %d tries): %s", budget->path,
            (long long)budget->most, 100.0 * (double)search->best.bytes / (double)budget->most, search->tries, text);
}

int sol_budget_meet(const SolBudget *budget, const SolGifMaker *maker, SolBudgetResult *out)
{
    Search search = {.budget = budget, .maker = maker, .tries = 1, .smallest = budget->bytes};
    double size = log((double)budget->most * aims[0]), first = 0;
    bool done = false;
    int result;
    lay_out(&search);
    result = maker->probe(maker->user, &budget->whole, &first);
    search.whole = log(fmax(1, first));
    search.correction = log((double)budget->bytes) - search.whole;
    if (result == SOL_OK && search.count > 0)
        result = choose_leg(&search, 0, size);
    while (result == SOL_OK && !done && search.count > 0)
        result = try_again(&search, &done);
    if (result != SOL_OK)
        return result;
    if (search.best.bytes == 0)
        return sol_fail(SOL_ERR_ARGUMENT, "%s: does not get smaller than %lld bytes, and %lld are the most that is allowed; "
                        "allow more, or have it give up more", budget->path, (long long)search.smallest,
                        (long long)budget->most);
    search.best.tries = search.tries;
    tell(&search);
    *out = search.best;
    return SOL_OK;
}
