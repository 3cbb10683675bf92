/* SPDX-License-Identifier: Apache-2.0
 *
 * libavformat's input formats by their names, and the devices of libavdevice, which nothing else needs and which is
 * therefore loaded only when one of them is asked for.
 */
#ifndef SOL_MEDIA_FORMATS_H
#define SOL_MEDIA_FORMATS_H

#include <libavformat/avformat.h>
#include <stdbool.h>

/**
 * @param[out] format  static; untouched on failure
 * @return 0 or SOL_ERR_ARGUMENT: there is none of that name, and the text says the nearest
 */
int sol_input_format(const AVInputFormat **format, const char *name);

/** True for a device or a filter graph: there is no file, and often no end. */
bool sol_input_is_device(const AVInputFormat *format);

#endif
