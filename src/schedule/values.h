/* SPDX-License-Identifier: Apache-2.0
 *
 * Values as they are written in a schedule: frame rates, ranges of frames and times, percentages,
 * bit rates.
 * Every function takes the whole of the text and returns false, with its outputs untouched, for
 * anything else.
 */
#ifndef SOL_SCHEDULE_VALUES_H
#define SOL_SCHEDULE_VALUES_H

#include <solstice/video.h>

#include <stdbool.h>
#include <stdint.h>

/**
 * "25", "12.5" or "30000/1001": frames a second, 0.01 to 1000, in lowest terms. What is commonly written for a multiple
 * of 1000/1001 is that: 23.976 (23.98), 29.97, 47.952, 59.94 and 119.88.
 */
bool sol_parse_rate(const char *text, SolRational *rate);

/** "4x", "0.5x" or "1/3x", 0.01 to 1000, in lowest terms. */
bool sol_parse_speed(const char *text, SolRational *speed);

/** "A-B" or "A": frame numbers, blanks around the dash allowed. B may be less than A. */
bool sol_parse_frames(const char *text, int64_t *first, int64_t *last);

/**
 * "A-B" in seconds, each side as seconds with a unit ("1.5s") or as a clock shows it ("0:12.5",
 * "1:02:03"). B may be less than A.
 */
bool sol_parse_times(const char *text, double *from, double *to);

/** "4M", "800k", "1.5M" or "2500000": bits a second, 1 or more; K and M count by 1000. */
bool sol_parse_bitrate(const char *text, int64_t *bits);

/** "12.5" or "12.5s", "0:12.5" or "1:02:03": seconds. */
bool sol_parse_time(const char *text, double *seconds);

/**
 * "640x360" in the middle, "640x360+10+20" from pixel (10, 20) on, or "16:9", the largest part of that shape: sides from 1
 * to SOL_IMAGE_MAX_SIDE.
 */
bool sol_parse_crop(const char *text, SolCrop *crop);

/**
 * "300" or "-12.5": pixels; "50%": a share, 0.5. One of them is what is written, the other 0. Whether it can be is for
 * the caller to say.
 */
bool sol_parse_length(const char *text, double *pixels, double *share);

/** "12.5%": 12.5. */
bool sol_parse_percent(const char *text, double *percent);

#endif
