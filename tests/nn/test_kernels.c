/* SPDX-License-Identifier: Apache-2.0
 *
 * The row kernels of every instruction set that this processor has: the same bits from all of them, and from
 * the plain one what their descriptions say.
 */
#include "support/planes.h"
#include "support/support.h"

#include "base/cpu.h"
#include "nn/bfloat16.h"
#include "nn/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096, KERNELS = 17 };

/* What a kernel reads and writes. */
typedef struct Case {
    size_t pixels, block, lanes;
    const float *a, *b;
    const uint16_t *half;
    double shift[SOL_LANES];
} Case;

/* Runs row kernel number `which`; what it writes lies in out[0..MOST-1]. */
static void apply(const SolRowKernels *k, int which, const Case *c, float *out)
{
    size_t count = c->pixels * c->block;
    double sums[2 * SOL_LANES] = {0};
    switch (which) {
    case 0: k->pool(c->a, c->b, c->pixels / 2, c->block, out); break;
    case 1: k->twice(c->a, c->pixels, c->block, out); break;
    case 2: k->add(c->a, c->b, count, out); break;
    case 3: k->relu(c->a, count, out); break;
    case 4: k->affine(c->a, count, 0.25f, -3, c->b[0], out); break;
    case 5: k->affine_block(c->a, c->pixels, c->block, c->lanes, c->b, c->b + 16, c->b + 32, out); break;
    case 6: k->sums(c->a, count, c->shift[0], sums, sums + SOL_LANES); break;
    case 7: k->sums_block(c->a, c->pixels, c->block, c->lanes, c->shift, sums, sums + SOL_LANES); break;
    case 8: k->widen(c->half, count, out); break;
    case 9: k->narrow(c->a, count, (uint16_t *)(void *)out); break;
    case 10: k->mix(c->a, c->b, count, out); break;
    case 11: k->twice_mixed(c->a + c->block, c->pixels, c->block, out); break;
    case 12: k->tanh(c->a, count, out); break;
    case 13: k->centre(c->a, count, c->shift[0], (double *)(void *)out, sums); break;
    case 14: k->weigh(c->a, c->b, count, c->shift[0], sums, sums + SOL_LANES); break;
    case 15: k->weigh_block(c->a, c->b, c->pixels, c->block, c->lanes, c->shift, sums, sums + SOL_LANES); break;
    default:
        k->to_planes(c->a, c->pixels, c->block, c->lanes, out, c->pixels);
        k->from_planes(c->a, c->pixels, c->pixels, c->lanes, out + MOST / 2, c->block);
    }
    if (which == 6 || which == 7 || which == 14 || which == 15)
        memcpy(out, sums, sizeof sums);
    if (which == 13)
        memcpy(out + 2 * count, sums, sizeof sums);
}

/* What centre promises: differences, and behind them their sums. */
static void check_centre(const Case *c, const float *out)
{
    size_t count = c->pixels * c->block;
    double wanted[SOL_LANES] = {0}, got;
    for (size_t i = 0; i < count; i++) {
        memcpy(&got, out + 2 * i, sizeof got);
        assert_true(got == (double)c->a[i] - c->shift[0]);
        wanted[i % SOL_LANES] += got;
    }
    for (size_t l = 0; l < SOL_LANES; l++) {
        memcpy(&got, out + 2 * (count + l), sizeof got);
        assert_true(fabs(got - wanted[l]) < 1e-12);
    }
}

/* What weigh and weigh_block promise; at most 16 lanes, of numbers or of channels. */
static void check_weighed(int which, const Case *c, const float *out)
{
    double wanted[2 * SOL_LANES] = {0}, got;
    for (size_t p = 0; p < c->pixels; p++)
        for (size_t k = 0; k < c->block; k++) {
            size_t i = p * c->block + k, l = which == 14 ? i % SOL_LANES : k;
            double d = (double)c->a[i] - c->shift[which == 14 ? 0 : l % SOL_LANES];
            if (which == 15 && k >= c->lanes)
                continue;
            wanted[l] += (double)c->b[which == 14 ? i : p] * d;
            wanted[SOL_LANES + l] += (double)c->b[which == 14 ? i : p] * d * d;
        }
    for (size_t l = 0; l < 2 * SOL_LANES; l++) {
        memcpy(&got, out + 2 * l, sizeof got);
        assert_true(fabs(got - wanted[l]) < 1e-12);
    }
}

/* What affine_block, to_planes, from_planes and sums_block promise, by the definition. */
static void check_plain(int which, const Case *c, const float *out)
{
    double wanted = 0, sum = 0;
    if (which == 13)
        check_centre(c, out);
    if (which == 14 || which == 15)
        check_weighed(which, c, out);
    for (size_t p = 0; p < c->pixels; p++)
        for (size_t l = 0; l < c->lanes; l++) {
            float from = c->a[p * c->block + l];
            if (which == 5)
                assert_true(out[p * c->block + l] == (from - c->b[l]) * c->b[16 + l] + c->b[32 + l]);
            else if (which == KERNELS - 1)
                assert_true(out[l * c->pixels + p] == from &&
                            out[MOST / 2 + p * c->block + l] == c->a[l * c->pixels + p]);
            else if (which == 7)
                wanted += (double)from - c->shift[l];
        }
    for (size_t l = 0; which == 7 && l < c->lanes; l++) {
        double part;
        memcpy(&part, out + 2 * l, sizeof part);
        sum += part;
    }
    assert_true(fabs(sum - wanted) < 1e-9);
}

static void test_all_sets_give_the_same_bits(void **state)
{
    static const size_t sizes[][3] = {{1, 1, 1}, {2, 16, 16}, {33, 1, 1}, {17, 16, 16}, {64, 16, 5}, {40, 16, 16},
                                      {20, 8, 8}, {7, 24, 16}, {29, 24, 12}, {31, 3, 2}, {127, 1, 1}};
    const SolKernels *plain = NULL;
    uint16_t half[MOST];
    float *a = random_planes(MOST, 1), *b = random_planes(MOST, 2);
    (void)state;
    for (int i = 0; sol_kernels_at(i); i++)
        plain = sol_kernels_at(i);
    assert_int_equal(plain->flags, 0);
    for (int i = 0; i < MOST; i++)
        half[i] = sol_to_bfloat16(a[i]);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int which = 0; which < KERNELS; which++) {
            Case c = {sizes[s][0], sizes[s][1], sizes[s][2], a, b, half, {0.5, -1, 2}};
            float wanted[MOST] = {0};
            apply(plain->rows, which, &c, wanted);
            check_plain(which, &c, wanted);
            for (int i = 0; sol_kernels_at(i) != plain; i++) {
                float out[MOST] = {0};
                if (sol_kernels_at(i)->flags & ~sol_cpu_flags())
                    continue;
                apply(sol_kernels_at(i)->rows, which, &c, out);
                assert_memory_equal(out, wanted, sizeof out);
            }
        }
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_sets_give_the_same_bits)};
    return cmocka_run_group_tests_name("nn/kernels", tests, NULL, NULL);
}
