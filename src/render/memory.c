/* SPDX-License-Identifier: Apache-2.0
 *
 * What painters remember from a frame to the next, as bytes: enough to go on in another process as if nothing had been.
 * Strokes and selectors that the last frame did not need begin anew, and are left out.
 */
#include "render/strokes.h"

#include "base/error.h"
#include "base/memory.h"


/* ---- pieces ---- */

static void save_image(const SolImage *image, SolBlob *blob)
{
    sol_blob_put_int(blob, image != NULL);
    for (int y = 0; image && y < image->height; y++)
        sol_blob_put(blob, sol_image_row_const(image, y), (size_t)image->width * 3);
}

static int restore_image(const SolPainters *painters, SolBlob *blob, SolImage **image)
{
    int result;
    if (!sol_blob_get_int(blob))
        return SOL_OK;
    result = sol_image_create(image, painters->size.width, painters->size.height);
    for (int y = 0; result == SOL_OK && y < painters->size.height; y++)
        sol_blob_get(blob, sol_image_row(*image, y), (size_t)painters->size.width * 3);
    return result;
}

static void save_mask(const SolMask *mask, SolBlob *blob)
{
    sol_blob_put_int(blob, mask != NULL);
    if (mask)
        sol_blob_put(blob, mask->values, (size_t)mask->width * (size_t)mask->height);
}

static int restore_mask(const SolPainters *painters, SolBlob *blob, SolMask **mask)
{
    int result;
    if (!sol_blob_get_int(blob))
        return SOL_OK;
    result = sol_mask_create(mask, painters->size.width, painters->size.height);
    if (result == SOL_OK)
        sol_blob_get(blob, (*mask)->values, (size_t)(*mask)->width * (size_t)(*mask)->height);
    return result;
}

/* ---- strokes ---- */

static bool is_live(const SolPainters *painters, int64_t number)
{
    return painters->last >= 0 && number == painters->last;
}

static void save_stroke(const SolStroke *stroke, SolBlob *blob)
{
    sol_trail_save(&stroke->trail, blob);
    save_image(stroke->memory, blob);
    for (int i = 0; i < SOL_STROKE_HISTORY; i++) {
        save_image(stroke->history[i].image, blob);
        save_mask(stroke->history[i].trust, blob);
    }
    if (stroke->selector)
        sol_selector_save(stroke->selector, blob);
}

static int restore_stroke(const SolPainters *painters, SolStroke *stroke, SolBlob *blob)
{
    int result;
    sol_stroke_forget(stroke);
    stroke->number = painters->last;
    result = sol_trail_restore(&stroke->trail, blob);
    if (result == SOL_OK)
        result = restore_image(painters, blob, &stroke->memory);
    for (int i = 0; i < SOL_STROKE_HISTORY && result == SOL_OK; i++) {
        result = restore_image(painters, blob, &stroke->history[i].image);
        if (result == SOL_OK)
            result = restore_mask(painters, blob, &stroke->history[i].trust);
    }
    if (result == SOL_OK && stroke->selector)
        sol_selector_restore(stroke->selector, blob);
    return result;
}

/* A piece with its length in front, so that who does not need it can pass over it. */
static void put_piece(SolBlob *blob, int64_t index, const SolBlob *piece)
{
    sol_blob_put_int(blob, index);
    sol_blob_put_int(blob, (int64_t)piece->size);
    sol_blob_put(blob, piece->bytes, piece->size);
    blob->failed |= piece->failed;
}

/* What a piece belongs to: a stroke's number; behind those, a growth's; behind those, the stabiliser or the glance; -1
   behind the last. */
static int restore_piece(SolPainters *painters, int64_t index, SolBlob *piece)
{
    int64_t growth = index - painters->stroke_count;
    if (index < painters->stroke_count)
        return painters->strokes[index].engine || painters->strokes[index].selector
                   ? restore_stroke(painters, &painters->strokes[index], piece)
                   : SOL_OK;
    if (growth < painters->growth_count) {
        painters->growths[growth].number = painters->last;
        sol_selector_restore(painters->growths[growth].selector, piece);
        return SOL_OK;
    }
    if (painters->glances)
        sol_glance_restore(&painters->glance, piece);
    return painters->stabiliser ? sol_stabiliser_restore(painters->stabiliser, piece) : SOL_OK;
}

/* ---- public ---- */

void sol_painters_save(const SolPainters *painters, SolBlob *blob)
{
    SolBlob piece = {0};
    sol_blob_put_int(blob, painters->last);
    sol_blob_put_int(blob, painters->scene);
    for (int i = 0; i < painters->stroke_count; i++) {
        if (!is_live(painters, painters->strokes[i].number))
            continue;
        sol_blob_reset(&piece);
        save_stroke(&painters->strokes[i], &piece);
        put_piece(blob, i, &piece);
    }
    for (int i = 0; i < painters->growth_count; i++) {
        if (!is_live(painters, painters->growths[i].number))
            continue;
        sol_blob_reset(&piece);
        sol_selector_save(painters->growths[i].selector, &piece);
        put_piece(blob, painters->stroke_count + i, &piece);
    }
    if (painters->stabiliser || painters->glances) {
        sol_blob_reset(&piece);
        if (painters->stabiliser)
            sol_stabiliser_save(painters->stabiliser, &piece);
        else
            sol_glance_save(&painters->glance, &piece);
        put_piece(blob, painters->stroke_count + painters->growth_count, &piece);
    }
    sol_blob_put_int(blob, -1);
    sol_blob_clear(&piece);
}

int sol_painters_restore(SolPainters *painters, SolBlob *blob)
{
    int most = painters->stroke_count + painters->growth_count, result = SOL_OK;
    painters->last = sol_blob_get_int(blob);
    painters->scene = (int)sol_blob_get_int(blob);
    while (result == SOL_OK) {
        int64_t index = sol_blob_get_int(blob), size;
        SolBlob piece;
        if (!sol_blob_is_sound(blob) || index < -1 || index > most)
            result = sol_fail(SOL_ERR_FORMAT, "what was kept of a render is damaged");
        if (result != SOL_OK || index < 0)
            break;
        size = sol_blob_get_int(blob);
        if (!sol_blob_is_sound(blob) || size < 0 || (uint64_t)size > blob->size - blob->at) {
            result = sol_fail(SOL_ERR_FORMAT, "what was kept of a render is damaged");
            break;
        }
        piece = sol_blob_of(blob->bytes + blob->at, (size_t)size);
        blob->at += (size_t)size;
        result = restore_piece(painters, index, &piece);
        if (result == SOL_OK && !sol_blob_is_sound(&piece))
            result = sol_fail(SOL_ERR_FORMAT, "what was kept of a render is damaged");
    }
    return result;
}
