/* SPDX-License-Identifier: Apache-2.0
 *
 * Options of painting by optimisation: defaults, and what their values are called.
 */
#include <solstice/style.h>

#include <stddef.h>

static const char *const inits[] = {"content", "style", "noise", "previous"};
static const char *const statistics[] = {"gram", "moments"};
static const char *const optimizers[] = {"lbfgs", "adam"};

static const char *name_at(const char *const names[], size_t count, int i)
{
    return i >= 0 && (size_t)i < count ? names[i] : NULL;
}

const char *sol_init_name(int i)
{
    return name_at(inits, sizeof inits / sizeof inits[0], i);
}

const char *sol_statistics_name(int i)
{
    return name_at(statistics, sizeof statistics / sizeof statistics[0], i);
}

const char *sol_optimizer_name(int i)
{
    return name_at(optimizers, sizeof optimizers / sizeof optimizers[0], i);
}

void sol_optimise_defaults(SolOptimiseOptions *options)
{
    *options = (SolOptimiseOptions){.content_weight = 1,
                                    .style_weight = 1000,
                                    .tv_weight = 30,
                                    .temporal_weight = 1000,
                                    .iterations = 300,
                                    .next_iterations = 25};
}
