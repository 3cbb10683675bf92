/* SPDX-License-Identifier: Apache-2.0
 *
 * Earlier paintings, moved along from frame to frame. How far each can be trusted is moved with it, and never grows.
 */
#include "render/history.h"

#include "base/error.h"

#include <string.h>

/* How many frames ago the references are, less one. */
static const int places[SOL_HISTORY_REFERENCES] = {0, 1, 3};

bool sol_stroke_has_history(const SolStroke *stroke)
{
    return stroke->engine && strcmp(sol_engine_method(stroke->engine), "gatys") == 0;
}

/* A mask as a grey picture, and back. */
static int image_of_mask(SolImage **image, const SolMask *mask)
{
    int result = sol_image_create(image, mask->width, mask->height);
    for (int y = 0; result == SOL_OK && y < mask->height; y++)
        for (int x = 0; x < mask->width; x++)
            memset(sol_image_row(*image, y) + 3 * (size_t)x, sol_mask_row(mask, y)[x], 3);
    return result;
}

static void read_mask(SolMask *mask, const SolImage *image)
{
    for (int y = 0; y < mask->height; y++)
        for (int x = 0; x < mask->width; x++)
            sol_mask_row(mask, y)[x] = sol_image_row_const(image, y)[3 * (size_t)x];
}

/* Moves a mask along with what is in the picture; to be trusted where both it and the flow are. */
static int move_trust(SolMask *trust, SolStabiliser *stabiliser)
{
    SolImage *image = NULL, *moved = NULL;
    int result = image_of_mask(&image, trust);
    if (result == SOL_OK)
        result = sol_image_create(&moved, trust->width, trust->height);
    if (result == SOL_OK) {
        sol_stabiliser_warp(stabiliser, image, moved);
        read_mask(trust, moved);
        sol_mask_intersect(trust, sol_stabiliser_trust(stabiliser));
    }
    sol_image_unref(&image);
    sol_image_unref(&moved);
    return result;
}

static int move(SolEarlier *earlier, SolStabiliser *stabiliser)
{
    SolImage *moved = NULL;
    int result;
    if (!earlier->image)
        return SOL_OK;
    result = sol_image_create(&moved, earlier->image->width, earlier->image->height);
    if (result == SOL_OK && !earlier->trust) { /* where it was painted, it is what it is */
        result = sol_mask_create(&earlier->trust, moved->width, moved->height);
        if (result == SOL_OK)
            sol_mask_fill(earlier->trust, 255);
    }
    if (result == SOL_OK)
        result = move_trust(earlier->trust, stabiliser);
    if (result != SOL_OK) {
        sol_image_unref(&moved);
        return result;
    }
    sol_stabiliser_warp(stabiliser, earlier->image, moved);
    sol_image_unref(&earlier->image);
    earlier->image = moved;
    return SOL_OK;
}

/* An earlier painting is trusted where it is and nearer ones are not. */
static int add_reference(SolHistory *history, const SolEarlier *earlier)
{
    SolMask *trust = NULL;
    size_t count = (size_t)earlier->trust->width * (size_t)earlier->trust->height;
    int result = sol_mask_create(&trust, earlier->trust->width, earlier->trust->height);
    if (result != SOL_OK)
        return result;
    memcpy(trust->values, earlier->trust->values, count);
    for (int i = 0; i < history->count; i++)
        sol_mask_subtract(trust, history->trusts[i]);
    history->trusts[history->count] = trust;
    history->references[history->count++] = (SolReference){earlier->image, trust};
    return SOL_OK;
}

int sol_history_make(SolHistory *out, SolStroke *stroke, SolStabiliser *stabiliser)
{
    SolHistory history = {0};
    int result = SOL_OK;
    for (int i = 0; i < SOL_STROKE_HISTORY && result == SOL_OK; i++)
        result = move(&stroke->history[i], stabiliser);
    for (int i = 0; i < SOL_HISTORY_REFERENCES && result == SOL_OK; i++)
        if (stroke->history[places[i]].image)
            result = add_reference(&history, &stroke->history[places[i]]);
    if (result == SOL_OK)
        *out = history;
    else
        sol_history_clear(&history);
    return result;
}

int sol_history_note(SolStroke *stroke, const SolImage *painting)
{
    SolEarlier *last = &stroke->history[SOL_STROKE_HISTORY - 1];
    SolImage *copy = NULL;
    int result = sol_image_copy(&copy, painting);
    if (result != SOL_OK)
        return result;
    sol_image_unref(&last->image);
    sol_mask_close(&last->trust);
    memmove(stroke->history + 1, stroke->history, (SOL_STROKE_HISTORY - 1) * sizeof *stroke->history);
    stroke->history[0] = (SolEarlier){.image = copy};
    return SOL_OK;
}

void sol_history_clear(SolHistory *history)
{
    for (int i = 0; i < history->count; i++)
        sol_mask_close(&history->trusts[i]);
    *history = (SolHistory){0};
}
