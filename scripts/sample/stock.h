/* SPDX-License-Identifier: Apache-2.0
 *
 * The trees every picture draws on: a few kinds, grown once.
 */
#ifndef SAMPLE_STOCK_H
#define SAMPLE_STOCK_H

#include "tree.h"

enum stock_tree {
    TREE_OAK,
    TREE_ROUND,
    TREE_SLIM,
    TREE_CHERRY,
    TREE_FIR,
    TREE_LEAFY,
    TREE_BIRCH,
    TREE_BUSH,
    TREE_KINDS
};

struct stock {
    struct tree *tree[TREE_KINDS];
};

void stock_grow(struct stock *s);
void stock_free(struct stock *s);

#endif
