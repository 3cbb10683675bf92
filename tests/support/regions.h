/* SPDX-License-Identifier: Apache-2.0
 *
 * Regions made by hand, and what they select.
 */
#ifndef TEST_REGIONS_H
#define TEST_REGIONS_H

#include "region/node.h"

/** A region of a shape's kind, of `count` numbers in pixels that stay. */
SolRegion *make_shape(const SolRegionKind *kind, const double *pixels, int count);

/** A node that joins two parts, which it takes over; the second may be NULL. */
SolRegion *join_regions(const SolRegionKind *kind, SolRegion *first, SolRegion *second);

/** A track of one key, a length of so many pixels; and one of a single number. */
SolTrack stays(double pixels);
SolTrack stays_number(double number);

/** Reads "region: TEXT", written into r.yaml; files are found from `folder`. What sol_region_read() returns. */
int read_region_text(SolRegion **region, const char *text, const char *folder);

/** What it selects of a frame of that size, which the input's frames have, too. Ends the test where that fails. */
SolMask *select_frame(const SolRegion *region, int width, int height, double frame);

/** The same, and the region is closed. */
SolMask *select_and_close(SolRegion *region, int width, int height);

/**
 * The text of a cascade that finds squares which are bright above and dark below, 12x12 pixels or more.
 *
 * @param threshold  of the only feature that counts: "-9.0e-01"; anything else, or another fork or left than "0", makes a
 *                   cascade that is refused
 */
void print_banner_cascade(char *text, size_t size, const char *threshold, const char *fork, const char *left);

/** The sum of a mask, in pixels that are wholly selected. */
double area_of(const SolMask *mask);

/** The largest difference between two masks of one size. */
int difference_of(const SolMask *a, const SolMask *b);

#endif
