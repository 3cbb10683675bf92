/* SPDX-License-Identifier: Apache-2.0
 *
 * The version of these headers.
 */
#ifndef SOLSTICE_VERSION_H
#define SOLSTICE_VERSION_H

#define SOL_VERSION "0.2.0"

#endif
