/* SPDX-License-Identifier: Apache-2.0
 *
 * GIFs that fit: found in four tries for files of any behaviour, and what is given up goes in the order wished. The files
 * here are sums; those of the encoder are in test_gif.c.
 */
#include "support/support.h"

#include "media/budget.h"

#include <math.h>
#include <string.h>

/* How the size of a made-up GIF follows from how it is made. */
typedef struct Model {
    double lossy, colours, width, every; /* exponents */
    double dither;                       /* what that adds */
    double bias, noise;                  /* of a sample; of everything */
    double scatter;                      /* of samples, by chance */
    int probes, tries;
    SolGifPlan last;
} Model;

static const SolGifPlan whole = {{.colours = 256, .dither = 1}, 480, 1};

static double size_of(const Model *model, const SolGifPlan *plan)
{
    double size = 4e6 * pow(1 + plan->look.lossy, -model->lossy) * pow(plan->look.colours / 256.0, model->colours) *
                  pow(plan->width / 480.0, model->width) * pow(plan->every, -model->every) *
                  (1 + model->dither * plan->look.dither);
    return size * (1 + model->noise * sin(57 * plan->look.lossy + 3 * plan->look.colours + 11 * plan->width));
}

static int probe(void *user, const SolGifPlan *plan, double *bytes)
{
    Model *model = user;
    model->probes++;
    *bytes = size_of(model, plan) * 0.7 * pow(plan->look.colours / 256.0, model->bias) *
             pow(plan->width / 480.0, model->bias) * pow(1 + plan->look.lossy, -model->bias);
    *bytes *= 1 + model->scatter * sin(91 * plan->look.lossy + 7 * plan->width);
    return 0;
}

static int make(void *user, const SolGifPlan *plan, int64_t *bytes)
{
    Model *model = user;
    assert_memory_not_equal(plan, &model->last, sizeof *plan); /* which would tell nothing new */
    model->tries++;
    model->last = *plan;
    *bytes = (int64_t)size_of(model, plan);
    return 0;
}

static int meet(Model *model, const SolGiveUp order[SOL_GIVE_UPS], double part, SolBudgetResult *result, const SolLog *log)
{
    static const SolGiveUp usual[SOL_GIVE_UPS] = {0};
    SolBudget budget = {.path = "a.gif",
                        .whole = whole,
                        .bytes = (int64_t)size_of(model, &whole),
                        .rate = 25,
                        .count = 100,
                        .order = order ? order : usual,
                        .log = log};
    SolGifMaker maker = {probe, make, model};
    budget.most = (int64_t)((double)budget.bytes * part);
    model->probes = model->tries = 0;
    model->last = (SolGifPlan){0};
    return sol_budget_meet(&budget, &maker, result);
}

static const Model models[] = {
    {.lossy = 0.2, .colours = 0.4, .width = 1.8, .every = 0.9, .dither = 0.3},
    {.lossy = 0.05, .colours = 0.2, .width = 2, .every = 0.5, .dither = 1, .bias = 0.03},
    {.lossy = 0.1, .colours = 0.6, .width = 1.5, .every = 1, .dither = 0, .bias = 0.04, .noise = 0.004},
    {.lossy = 0.4, .colours = 0.5, .width = 1.6, .every = 0.8, .dither = 0.2, .bias = -0.05, .noise = 0.008},
    {.lossy = 0.2, .colours = 0.4, .width = 1.8, .every = 0.9, .dither = 0.3, .bias = 0.02, .scatter = 0.04},
};

static void test_four_tries_do(void **state)
{
    static const double parts[] = {0.97, 0.9, 0.8, 0.65, 0.5, 0.37, 0.25, 0.13, 0.06, 0.03};
    (void)state;
    for (size_t m = 0; m < sizeof models / sizeof *models; m++)
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            Model model = models[m];
            SolBudgetResult result = {0};
            double most = size_of(&model, &whole) * parts[i];
            if (meet(&model, NULL, parts[i], &result, NULL) != 0)
                fail_msg("model %zu, %g: %s", m, parts[i], sol_error_text());
            if ((double)result.bytes > most || (double)result.bytes < 0.95 * most || result.tries > 4)
                fail_msg("model %zu, %g: %.3f of the budget in %d tries", m, parts[i], (double)result.bytes / most,
                         result.tries);
            assert_int_equal(result.tries, model.tries + 1);
            assert_true(model.probes < 25);
        }
}

/* What comes first in the order goes first, and what is not in it stays. */
static void test_order(void **state)
{
    static const SolGiveUp width[SOL_GIVE_UPS] = {SOL_GIVE_UP_WIDTH}, late[SOL_GIVE_UPS] = {SOL_GIVE_UP_COLOURS, SOL_GIVE_UP_WIDTH};
    static const SolGiveUp fps[SOL_GIVE_UPS] = {SOL_GIVE_UP_FPS, SOL_GIVE_UP_WIDTH};
    static const SolGiveUp dither[SOL_GIVE_UPS] = {SOL_GIVE_UP_LOSSY, SOL_GIVE_UP_DITHER};
    Model model = models[0];
    SolBudgetResult result;
    (void)state;
    assert_int_equal(meet(&model, width, 0.2, &result, NULL), 0);
    assert_int_equal(result.plan.look.colours, 256);
    assert_int_equal(result.plan.every, 1);
    assert_true(result.plan.look.lossy <= 0 && result.plan.look.dither >= 1);
    assert_in_range(result.plan.width, 150, 250);
    assert_int_equal(meet(&model, late, 0.5, &result, NULL), 0); /* half the colours, then the width */
    assert_int_equal(result.plan.look.colours, 128);
    assert_in_range(result.plan.width, 240, 479);
    assert_int_equal(meet(&model, late, 0.1, &result, NULL), 0); /* half of both, then both again */
    assert_int_equal(result.plan.look.colours, 32);
    assert_in_range(result.plan.width, 100, 300);
    assert_int_equal(meet(&model, fps, 0.5, &result, NULL), 0); /* one of two is too much yet */
    assert_int_equal(result.plan.every, 2);
    assert_in_range(result.plan.width, 400, 479);
    assert_int_equal(meet(&model, fps, 0.12, &result, NULL), 0); /* half of both is, too */
    assert_int_equal(result.plan.every, 3);
    assert_in_range(result.plan.width, 200, 479);
    assert_int_equal(meet(&model, dither, 0.5, &result, NULL), 0); /* loss does it alone */
    assert_true(result.plan.look.dither >= 1 && result.plan.look.lossy > 10);
    assert_int_equal(meet(&model, dither, 0.28, &result, NULL), 0); /* not here; and with the dither gone, less of it does */
    assert_true(result.plan.look.dither <= 0 && result.plan.look.lossy < 300);
}

static void test_what_does_not_fit(void **state)
{
    static const SolGiveUp colours[SOL_GIVE_UPS] = {SOL_GIVE_UP_COLOURS};
    Model model = models[0];
    SolBudgetResult result;
    (void)state;
    assert_int_equal(meet(&model, colours, 0.2, &result, NULL), SOL_ERR_ARGUMENT);
    assert_contains(sol_error_text(), "a.gif: does not get smaller than 2263");
    assert_contains(sol_error_text(), " bytes, and 1040000 are the most that is allowed; allow more, or have it give up more");
    assert_in_range(model.tries, 1, 2);
}

static void keep_note(void *user, SolLogLevel level, const char *text)
{
    assert_int_equal(level, SOL_LOG_NOTE);
    snprintf(user, 512, "%s", text);
}

static void test_it_says_what_was_given_up(void **state)
{
    static const SolGiveUp all[SOL_GIVE_UPS] = {SOL_GIVE_UP_FPS, SOL_GIVE_UP_DITHER, SOL_GIVE_UP_COLOURS, SOL_GIVE_UP_LOSSY,
                                                SOL_GIVE_UP_WIDTH};
    char note[512] = "", expected[512];
    const SolLog log = {keep_note, note};
    Model model = models[0];
    SolBudgetResult result;
    (void)state;
    assert_int_equal(meet(&model, all, 0.005, &result, &log), 0);
    snprintf(expected, sizeof expected, "a.gif: made to fit 26000 bytes (%.1f %% of them used; %d tries): lossy 300, 32 of "
             "256 colours, one of 4 pictures, %d of 480 pixels wide, no dither", (double)result.bytes / 260,
             result.tries, result.plan.width);
    assert_string_equal(note, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_four_tries_do),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_what_does_not_fit),
        cmocka_unit_test(test_it_says_what_was_given_up),
    };
    return cmocka_run_group_tests_name("media/budget", tests, NULL, NULL);
}
