/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes the sample material: `sample paint SEASON FILE` writes one of the
 * four paintings as a PPM, `sample scene SEASON FILE` the scene under it,
 * and `sample clip` writes the frames of the clip to standard output as raw
 * RGB24, 640 by 360.  The same words always give the same pictures.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clip.h"
#include "season.h"

static int write_picture(const struct image *im, const char *path)
{
    FILE *f = fopen(path, "wb");
    int bad;

    if (f == NULL) {
        perror(path);
        return 1;
    }
    bad = img_write_ppm(im, f) != 0;
    bad |= fclose(f) != 0;
    if (bad)
        fprintf(stderr, "sample: cannot write %s\n", path);
    return bad;
}

static int season_picture(const char *what, const char *name, const char *path)
{
    for (int i = 0; i < SEASONS; i++) {
        struct stock stock;
        struct image im;
        int bad;

        if (strcmp(name, season_name[i]) != 0)
            continue;
        stock_grow(&stock);
        im = strcmp(what, "paint") == 0 ? season_painting((enum season)i, &stock)
                                        : season_scene((enum season)i, &stock);
        bad = write_picture(&im, path);
        img_free(&im);
        stock_free(&stock);
        return bad;
    }
    fprintf(stderr, "sample: no season called %s\n", name);
    return 2;
}

int main(int argc, char **argv)
{
    if (argc == 4 && (strcmp(argv[1], "paint") == 0 || strcmp(argv[1], "scene") == 0))
        return season_picture(argv[1], argv[2], argv[3]);
    if (argc == 2 && strcmp(argv[1], "clip") == 0)
        return clip_write(stdout, 0, CLIP_FRAMES, 1);
    if (argc == 4 && strcmp(argv[1], "clip") == 0) /* from which frame, every how many */
        return clip_write(stdout, atoi(argv[2]), CLIP_FRAMES,
                          atoi(argv[3]) > 0 ? atoi(argv[3]) : 1);
    fprintf(stderr, "usage: sample paint|scene SEASON FILE | sample clip [FIRST EVERY]\n");
    return 2;
}
