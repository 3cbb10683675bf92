/* SPDX-License-Identifier: Apache-2.0
 *
 * Slices, flows and reports as files that appear when they are complete.
 */
#include "cli/measure_files.h"

#include "base/error.h"

#include <string.h>

static int open_slice(MeasureFiles *files, const Measured *measured)
{
    int64_t repeat = SLICE_WIDTH / measured->count, height = (int64_t)measured->pictures * measured->height;
    repeat = repeat < 1 ? 1 : repeat > SLICE_REPEAT_MAX ? SLICE_REPEAT_MAX : repeat;
    files->repeat = (int)repeat;
    if (files->column >= measured->width)
        return sol_fail(SOL_ERR_ARGUMENT, "measure: --column %d: the films are %d pixels wide, so columns are 0 to %d",
                        files->column, measured->width, measured->width - 1);
    if (files->column < 0)
        files->column = measured->width / 2;
    if (measured->count > SOL_IMAGE_MAX_SIDE || height > SOL_IMAGE_MAX_SIDE)
        return sol_fail(SOL_ERR_ARGUMENT, "measure: --slice: %lld frames of %d films make a picture of more than %d "
                        "pixels on a side; choose fewer with --frames", (long long)measured->count,
                        measured->pictures, SOL_IMAGE_MAX_SIDE);
    return sol_image_create(&files->slice, (int)(repeat * measured->count), (int)height);
}

static int open_flows(MeasureFiles *files)
{
    int result = sol_pending_open(&files->pending, files->flows_path, files->overwrite);
    if (result == SOL_OK && !(files->flows = fopen(sol_pending_path(files->pending), "wb")))
        result = sol_fail_errno(files->flows_path, "cannot be written");
    return result;
}

int open_measure_files(MeasureFiles *files, const Measured *measured, const char *slice, int column, const char *flows,
                       bool overwrite)
{
    int result = SOL_OK;
    *files = (MeasureFiles){.slice_path = slice, .flows_path = flows, .column = column, .overwrite = overwrite};
    if (slice)
        result = open_slice(files, measured);
    if (result == SOL_OK && flows)
        result = open_flows(files);
    return result;
}

/* ---- the slice ---- */

static void add_band(MeasureFiles *files, int64_t frame, const SolImage *image, int top)
{
    for (int y = 0; y < sol_image_height(image); y++) {
        const uint8_t *from = sol_image_row_const(image, y) + 3 * files->column;
        uint8_t *to = sol_image_row(files->slice, top + y) + 3 * frame * files->repeat;
        for (int i = 0; i < files->repeat; i++)
            memcpy(to + 3 * i, from, 3);
    }
}

void add_to_slice(MeasureFiles *files, int64_t frame, const SolImage *source, SolImage *const films[], int count)
{
    int height = sol_image_height(source);
    if (!files->slice)
        return;
    for (int i = 0; i < count; i++)
        add_band(files, frame, films[i], i * height);
    add_band(files, frame, source, count * height);
}

/* Frames that a film turned out not to have are cut off. */
static int save_slice(MeasureFiles *files, const Measured *measured)
{
    int width = (int)(files->repeat * measured->count), height = sol_image_height(files->slice), result;
    SolImage *cut = NULL;
    if (width == sol_image_width(files->slice))
        return sol_image_save(files->slice, files->slice_path, files->overwrite);
    result = sol_image_create(&cut, width, height);
    for (int y = 0; result == SOL_OK && y < height; y++)
        memcpy(sol_image_row(cut, y), sol_image_row(files->slice, y), 3 * (size_t)width);
    if (result == SOL_OK)
        result = sol_image_save(cut, files->slice_path, files->overwrite);
    sol_image_unref(&cut);
    return result;
}

/* ---- flows ---- */

static void put_word(FILE *file, const void *word)
{
    uint32_t bits;
    memcpy(&bits, word, sizeof bits);
    for (int i = 0; i < 4; i++)
        putc((int)(bits >> 8 * i & 255), file);
}

/* Middlebury's .flo: "PIEH", width, height, u and v in turns; little-endian. */
static void put_flow(FILE *file, const SolFlow *flow)
{
    const uint32_t sides[2] = {(uint32_t)flow->width, (uint32_t)flow->height};
    fputs("PIEH", file);
    put_word(file, &sides[0]);
    put_word(file, &sides[1]);
    for (size_t i = 0; i < (size_t)flow->width * (size_t)flow->height; i++) {
        put_word(file, &flow->u[i]);
        put_word(file, &flow->v[i]);
    }
}

int add_flows(MeasureFiles *files, const SolMeasurer *measurer)
{
    if (!files->flows)
        return SOL_OK;
    put_flow(files->flows, sol_measurer_back(measurer));
    put_flow(files->flows, sol_measurer_forth(measurer));
    return ferror(files->flows) ? sol_fail_errno(files->flows_path, "cannot be written") : SOL_OK;
}

/* ---- all ---- */

int end_measure_files(MeasureFiles *files, const Measured *measured)
{
    int result = SOL_OK;
    if (files->slice)
        result = save_slice(files, measured);
    if (result == SOL_OK && files->flows) {
        bool failed = fclose(files->flows) != 0;
        files->flows = NULL;
        result = failed ? sol_fail_errno(files->flows_path, "cannot be written") : sol_pending_commit(files->pending);
    }
    return result;
}

void close_measure_files(MeasureFiles *files)
{
    if (files->flows)
        fclose(files->flows);
    files->flows = NULL;
    sol_pending_close(&files->pending);
    sol_image_unref(&files->slice);
}

int save_measured(const char *path, const Measured *measured, bool (*write)(FILE *file, const Measured *measured),
                  bool overwrite)
{
    SolPending *pending = NULL;
    bool written = false;
    FILE *file;
    int result = sol_pending_open(&pending, path, overwrite);
    if (result != SOL_OK)
        return result;
    file = fopen(sol_pending_path(pending), "w");
    if (file) {
        written = write(file, measured);
        written = fclose(file) == 0 && written;
    }
    result = written ? sol_pending_commit(pending) : sol_fail_errno(path, "cannot be written");
    sol_pending_close(&pending);
    return result;
}
