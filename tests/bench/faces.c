/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints what a cascade finds in pictures, one find a line: "PICTURE X Y WIDTH HEIGHT WINDOWS", and at the end the mean
 * processor time. scripts/compare-faces.py compares that with OpenCV.
 *
 *   build/tests/bench/faces CASCADE SMALLEST PICTURE..
 */
#include "base/memory.h"
#include "region/detect.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double processor_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec * 1e-6;
}

static int look(const SolCascade *cascade, const char *path, double smallest, double *seconds)
{
    const SolDetecting how = {.factor = 1.1, .neighbours = 3, .smallest = smallest};
    SolImage *image = NULL;
    SolDetector *detector = NULL;
    SolFind finds[SOL_FINDS_MAX];
    uint8_t *grey = NULL;
    double start;
    int count = 0, code = sol_image_load(&image, path);
    if (code)
        return code;
    grey = sol_alloc((size_t)image->width, (size_t)image->height);
    code = grey ? sol_detector_open(&detector, cascade, image->width, image->height, &how, NULL) : SOL_ERR_NOMEM;
    start = processor_seconds();
    if (!code) {
        sol_image_to_grey(image, grey);
        code = sol_detector_find(detector, grey, finds, &count);
    }
    *seconds += processor_seconds() - start;
    for (int i = 0; i < count; i++)
        printf("%s %d %d %d %d %d\n", path, finds[i].box.x, finds[i].box.y, finds[i].box.width, finds[i].box.height,
               finds[i].windows);
    sol_detector_close(&detector);
    sol_free(grey);
    sol_image_unref(&image);
    return code;
}

int main(int count, char **arguments)
{
    SolCascade *cascade = NULL;
    double seconds = 0;
    int code;
    if (count < 4) {
        fprintf(stderr, "usage: %s CASCADE SMALLEST PICTURE..\n", arguments[0]);
        return 2;
    }
    code = sol_cascade_load(&cascade, arguments[1]);
    for (int i = 3; i < count && !code; i++)
        code = look(cascade, arguments[i], atof(arguments[2]), &seconds);
    if (code)
        fprintf(stderr, "%s\n", sol_error_text());
    else
        printf("# %.2f ms a picture\n", seconds * 1000 / (count - 3));
    sol_cascade_close(&cascade);
    return code ? 1 : 0;
}
