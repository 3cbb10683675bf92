/* SPDX-License-Identifier: Apache-2.0
 *
 * From "transition: 12" or "transition: {length: 0.5s, kind: wipe, ..}" to how segments pass into each other.
 */
#include "schedule/transition.h"

#include "base/memory.h"
#include "region/region.h"
#include "schedule/region.h"
#include "schedule/values.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LENGTH, KIND, CURVE, DIRECTION, FEATHER, REGION, KEYS };
static const char *const keys[KEYS + 1] = {
    [LENGTH] = "length", [KIND] = "kind", [CURVE] = "curve", [DIRECTION] = "direction", [FEATHER] = "feather",
    [REGION] = "region",
};

static const char *const kinds[] = {"style", "pixels", "wipe", "region", NULL};
static const char *const curves[] = {"linear", "smooth", "cut", NULL};
static const char *const directions[] = {"right", "down", "left", "up", NULL};

enum { FRAMES_MAX = 10000 };
#define SECONDS_MAX 1000.0
#define FEATHER_USUAL 0.1

/* Which of the words a value is; -1 for none. */
static int find_word(const char *text, const char *const words[])
{
    for (int i = 0; text && words[i]; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    return -1;
}

static int read_length(const SolYaml *yaml, const SolYamlPair *pair, SolTransition *made)
{
    const char *text = sol_yaml_scalar(pair);
    char *end;
    long frames;
    double seconds;
    if (!text || *text == '\0')
        return sol_yaml_fail_value(yaml, pair, "frames (12) or a time (0.5s)");
    frames = strtol(text, &end, 10);
    if (*end == '\0')
        return sol_yaml_int(yaml, pair, 0, FRAMES_MAX, &made->frames);
    (void)frames;
    if (!strpbrk(text, "s:") || !sol_parse_time(text, &seconds) || !(seconds >= 0 && seconds <= SECONDS_MAX))
        return sol_yaml_fail_value(yaml, pair, "frames (12, at most 10000) or a time (0.5s, at most 1000s)");
    made->seconds = seconds;
    return SOL_OK;
}

static int read_word(const SolYaml *yaml, const SolYamlPair *pair, const char *const words[], const char *wanted,
                     int *value)
{
    int found;
    if (!pair->value)
        return SOL_OK;
    found = find_word(sol_yaml_scalar(pair), words);
    if (found < 0)
        return sol_yaml_fail_value(yaml, pair, wanted);
    *value = found;
    return SOL_OK;
}

static int read_direction(const SolYaml *yaml, const SolYamlPair *pair, double *angle)
{
    const char *text = pair->value ? sol_yaml_scalar(pair) : NULL;
    int word = find_word(text, directions);
    char *end;
    if (!pair->value)
        return SOL_OK;
    if (word >= 0) {
        *angle = 90.0 * word;
        return SOL_OK;
    }
    if (!text || *text == '\0' || !(fabs(strtod(text, &end)) <= 360) || *end != '\0')
        return sol_yaml_fail_value(yaml, pair, "right, down, left, up, or degrees from -360 to 360 (clockwise, 0 is right)");
    return sol_yaml_number(yaml, pair, -360, 360, angle);
}

static int read_feather(const SolYaml *yaml, const SolYamlPair *pair, double *feather)
{
    const char *text = pair->value ? sol_yaml_scalar(pair) : NULL;
    double percent;
    if (!pair->value)
        return SOL_OK;
    if (!text || !sol_parse_percent(text, &percent) || !(percent >= 0 && percent <= 100))
        return sol_yaml_fail_value(yaml, pair, "a percentage of the way, from 0% to 100%");
    *feather = percent / 100;
    return SOL_OK;
}

/* Keys that another kind has would do nothing. */
static int check_kind(const SolYaml *yaml, const SolYamlPair pairs[], const SolTransition *made)
{
    bool edge = made->kind == SOL_TRANSITION_WIPE || made->kind == SOL_TRANSITION_REGION;
    if (pairs[DIRECTION].key && made->kind != SOL_TRANSITION_WIPE)
        return sol_fail_at(sol_yaml_place(yaml, pairs[DIRECTION].key), "\"direction\" is for \"kind: wipe\"");
    if (pairs[REGION].key && made->kind != SOL_TRANSITION_REGION)
        return sol_fail_at(sol_yaml_place(yaml, pairs[REGION].key), "\"region\" is for \"kind: region\"");
    if (pairs[FEATHER].key && !edge)
        return sol_fail_at(sol_yaml_place(yaml, pairs[FEATHER].key), "\"feather\" is for \"kind: wipe\" and \"kind: region\"");
    return SOL_OK;
}

static int read_mapping(const SolYaml *yaml, const SolYamlPair *pair, const char *folder, SolTransition *made)
{
    SolYamlPair pairs[KEYS];
    int kind = SOL_TRANSITION_STYLE, curve = SOL_CURVE_LINEAR, result;
    if ((result = sol_yaml_mapping(yaml, pair->value, "\"transition\"", keys, pairs)) ||
        (result = read_word(yaml, &pairs[KIND], kinds, "style, pixels, wipe or region", &kind)) ||
        (result = read_word(yaml, &pairs[CURVE], curves, "linear, smooth or cut", &curve)))
        return result;
    made->kind = (SolTransitionKind)kind;
    made->curve = (SolCurve)curve;
    if (!pairs[LENGTH].key && curve != SOL_CURVE_CUT)
        return sol_fail_at(sol_yaml_place(yaml, pair->value), "\"transition\" has no \"length\"; give it frames (12) or a "
                                                              "time (0.5s)");
    if ((pairs[LENGTH].key && (result = read_length(yaml, &pairs[LENGTH], made))) ||
        (result = check_kind(yaml, pairs, made)) ||
        (result = read_direction(yaml, &pairs[DIRECTION], &made->angle)) ||
        (result = read_feather(yaml, &pairs[FEATHER], &made->feather)))
        return result;
    if (kind == SOL_TRANSITION_REGION && !pairs[REGION].key)
        return sol_fail_at(sol_yaml_place(yaml, pair->value), "a transition of \"kind: region\" has no \"region\"; say what "
                                                              "the new painting grows out of");
    return pairs[REGION].key ? sol_region_read(&made->region, yaml, &pairs[REGION], folder) : SOL_OK;
}

int sol_transition_none(SolTransition **transition, SolPlace place)
{
    SolTransition *made = sol_calloc(1, sizeof *made);
    if (!made)
        return sol_fail_memory("the schedule");
    made->feather = FEATHER_USUAL;
    made->place = place;
    *transition = made;
    return SOL_OK;
}

int sol_transition_read(SolTransition **transition, const SolYaml *yaml, const SolYamlPair *pair, const char *folder)
{
    SolTransition *made = NULL;
    int result;
    if (!pair->key)
        return SOL_OK;
    result = sol_transition_none(&made, sol_yaml_place(yaml, pair->key));
    if (result != SOL_OK)
        return result;
    result = sol_yaml_scalar(pair) ? read_length(yaml, pair, made) : read_mapping(yaml, pair, folder, made);
    if (result != SOL_OK) {
        sol_transition_close(&made);
        return result;
    }
    *transition = made;
    return SOL_OK;
}

double sol_transition_progress(const SolTransition *transition, double time)
{
    return transition->curve == SOL_CURVE_SMOOTH ? time * time * (3 - 2 * time) : time;
}

void sol_transition_name(const SolTransition *transition, char text[64])
{
    if (transition->seconds > 0)
        snprintf(text, 64, "transition %gs", transition->seconds);
    else
        snprintf(text, 64, "transition %d", transition->frames);
}

void sol_transition_close(SolTransition **transition)
{
    if (!*transition)
        return;
    sol_region_close(&(*transition)->region);
    sol_free(*transition);
    *transition = NULL;
}
