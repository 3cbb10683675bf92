/* SPDX-License-Identifier: Apache-2.0
 *
 * Clips written by the library.
 */
#include "support/writing.h"

#include "support/support.h"

#include "image/image.h"

#include <string.h>

SolImage *new_picture(int width, int height)
{
    SolImage *image = NULL;
    assert_int_equal(sol_image_create(&image, width, height), 0);
    memset(image->pixels, 0, image->stride * (size_t)height);
    return image;
}

void draw_scene(SolImage *image, int n)
{
    uint32_t seed = 12345U + (uint32_t)n * 7919U;
    for (int y = 0; y < image->height; y++) {
        uint8_t *pixel = sol_image_row(image, y);
        for (int x = 0; x < image->width; x++, pixel += 3) {
            int noise;
            seed = seed * 1664525U + 1013904223U;
            noise = (int)(seed >> 29);
            pixel[0] = (uint8_t)(30 + 200 * x / image->width + noise);
            pixel[1] = (uint8_t)(60 + 150 * y / image->height + noise);
            pixel[2] = (uint8_t)(x + n < image->width / 2 ? 200 + noise : 90 + noise);
        }
    }
}

int write_clip(const SolOutputSettings *settings, const Clip *clip, bool overwrite, SolWriterReport *report)
{
    SolWriterInput input = {.width = clip->width,
                            .height = clip->height,
                            .time_base = clip->base,
                            .frame_rate = clip->rate,
                            .threads = 2,
                            .overwrite = overwrite};
    SolWriter *writer = NULL;
    int result = sol_writer_open(&writer, settings, &input, NULL);
    for (int n = 0; n < clip->frames && result == 0; n++) {
        SolImage *image = new_picture(clip->width, clip->height);
        clip->draw(image, n);
        image->number = n;
        image->time_base = clip->base;
        image->pts = clip->pts ? clip->pts[n] : clip->first + n * clip->step;
        image->duration = clip->pts ? clip->pts[n + 1] - clip->pts[n] : clip->step;
        result = sol_writer_write(writer, image);
        sol_image_unref(&image);
    }
    if (result == 0)
        result = sol_writer_finish(writer, report);
    sol_writer_close(&writer);
    assert_null(writer);
    return result;
}

const char *write_as(const char *name, const Clip *clip, SolWriterReport *report)
{
    const char *path = in_folder(name);
    char copy[512];
    SolOutputSettings settings = {.path = copy, .crf = -1};
    snprintf(copy, sizeof copy, "%s", path);
    if (write_clip(&settings, clip, true, report) != 0)
        fail_msg("%s", sol_error_text());
    if (report)
        report->path = path;
    return path;
}
