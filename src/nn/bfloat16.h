/* SPDX-License-Identifier: Apache-2.0
 *
 * bfloat16: the upper half of a float32, rounded to nearest even. NaN stays NaN.
 */
#ifndef SOL_NN_BFLOAT16_H
#define SOL_NN_BFLOAT16_H

#include <stdint.h>
#include <string.h>

static inline float sol_from_bfloat16(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint16_t sol_to_bfloat16(float value)
{
    uint32_t bits, quiet = value != value;
    memcpy(&bits, &value, sizeof bits);
    bits += quiet ? 0 : 0x7FFF + ((bits >> 16) & 1);
    return (uint16_t)((bits >> 16) | quiet << 6);
}

#endif
