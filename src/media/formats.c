/* SPDX-License-Identifier: Apache-2.0
 *
 * Input formats. Since FFmpeg 5, libavdevice has the major version of libavformat, so that its file is known
 * without its headers; and all that is wanted of it is one function, which adds its devices to libavformat's list.
 */
#include "media/formats.h"

#include "base/error.h"
#include "base/text.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#ifdef __APPLE__
#define DEVICES "libavdevice." TEXT(LIBAVFORMAT_VERSION_MAJOR) ".dylib"
#else
#define DEVICES "libavdevice.so." TEXT(LIBAVFORMAT_VERSION_MAJOR)
#endif

/* Adds the devices to libavformat's list; false where libavdevice is not there. */
static bool load_devices(void)
{
    void *library = dlopen(DEVICES, RTLD_NOW | RTLD_LOCAL); /* and stays, as its devices are in the list */
    void (*add)(void);
    void *symbol = library ? dlsym(library, "avdevice_register_all") : NULL;
    if (!symbol)
        return false;
    memcpy(&add, &symbol, sizeof add); /* ISO C has no cast from an object to a function */
    add();
    return true;
}

bool sol_input_is_device(const AVInputFormat *format)
{
    return format->priv_class && AV_IS_INPUT_DEVICE(format->priv_class->category);
}

/* The name of a format, of all that there are, that is spelled most like `name`; "" where there is none. */
static int find_nearest(const char *name, char *near, size_t size)
{
    enum { MOST = 1024 };
    const char *names[MOST] = {NULL};
    const AVInputFormat *format;
    void *state = NULL;
    int count = 0;
    char *all = sol_copy(""), *rest;
    while (all && (format = av_demuxer_iterate(&state))) {
        char *longer = sol_format("%s,%s", all, format->name); /* one format may have several names already */
        free(all);
        all = longer;
    }
    if (!all)
        return sol_fail_memory("the formats");
    rest = all;
    for (char *one; count + 1 < MOST && (one = strtok_r(rest, ",", &rest));)
        names[count++] = one;
    snprintf(near, size, "%s", sol_nearest(name, names) ? sol_nearest(name, names) : "");
    free(all);
    return SOL_OK;
}

int sol_input_format(const AVInputFormat **out, const char *name)
{
    const AVInputFormat *format = av_find_input_format(name);
    bool devices = true;
    char near[64];
    if (!format) {
        devices = load_devices();
        format = av_find_input_format(name);
    }
    if (format) {
        *out = format;
        return SOL_OK;
    }
    if (find_nearest(name, near, sizeof near) != SOL_OK)
        return SOL_ERR_NOMEM;
    if (*near)
        return sol_fail(SOL_ERR_ARGUMENT, "no input format \"%s\"; did you mean \"%s\"?", name, near);
    return sol_fail(SOL_ERR_ARGUMENT, "no input format \"%s\"; \"ffmpeg -formats\" lists them%s", name,
                    devices ? "" : ", and devices need FFmpeg's libavdevice, which is not installed");
}
