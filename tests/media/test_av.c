/* SPDX-License-Identifier: Apache-2.0
 *
 * Codecs whose threads stand back behind the painting.
 */
#include "support/support.h"

#include "media/av.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>

/* How many threads this process has of the nice value `nice`; -1 where the system does not tell. */
static int count_threads(int nice)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;
    if (!tasks)
        return -1;
    while ((entry = readdir(tasks)) != NULL) {
        char path[300];
        long its = -100;
        FILE *file;
        snprintf(path, sizeof path, "/proc/self/task/%s/stat", entry->d_name);
        if (entry->d_name[0] == '.' || !(file = fopen(path, "r")))
            continue;
        /* number (name) state and 15 numbers, then the nice value */
        if (fscanf(file, "%*d %*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %ld", &its) == 1)
            count += its == nice;
        fclose(file);
    }
    closedir(tasks);
    return count;
}

static void open_decoder(AVCodecContext **context, int threads)
{
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_H264);
    assert_non_null(codec);
    *context = avcodec_alloc_context3(codec);
    assert_non_null(*context);
    (*context)->thread_count = threads;
    assert_int_equal(sol_codec_open(*context, codec), 0);
}

static void test_threads_of_a_codec_stand_back(void **state)
{
    AVCodecContext *context = NULL;
    int before = getpriority(PRIO_PROCESS, 0), others = count_threads(before); /* of libraries, where they are linked */
    (void)state;
    if (others < 0 || before == 19)
        skip();
    open_decoder(&context, 3);
    assert_int_equal(count_threads(19), 3);
    assert_int_equal(count_threads(before), others);
    avcodec_free_context(&context);
    open_decoder(&context, 1);
    assert_int_equal(count_threads(19), 0);
    avcodec_free_context(&context);
    assert_int_equal(getpriority(PRIO_PROCESS, 0), before);
}

static void test_a_codec_that_cannot_be_opened(void **state)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
    (void)state;
    if (!codec)
        skip();
    for (int threads = 1; threads <= 2; threads++) {
        AVCodecContext *context = avcodec_alloc_context3(codec);
        assert_non_null(context);
        context->thread_count = threads; /* and no size, format or time base */
        assert_true(sol_codec_open(context, codec) < 0);
        avcodec_free_context(&context);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_of_a_codec_stand_back),
        cmocka_unit_test(test_a_codec_that_cannot_be_opened),
    };
    return cmocka_run_group_tests_name("media/av", tests, NULL, NULL);
}
