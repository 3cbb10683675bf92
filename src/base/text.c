/* SPDX-License-Identifier: Apache-2.0
 *
 * Strings: formatting, numbers that do not depend on the locale, and the nearest spelling.
 */
#include "base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *sol_format(const char *format, ...)
{
    va_list args;
    char *text;
    int length;
    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !(text = malloc((size_t)length + 1)))
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

char *sol_copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

bool sol_parse_int(const char *text, int64_t low, int64_t high, int64_t *value)
{
    bool negative = *text == '-';
    int64_t result = 0;
    text += negative;
    if (!*text)
        return false;
    for (; *text; text++) {
        int digit = *text - '0';
        if (digit < 0 || digit > 9 || result > (INT64_MAX - digit) / 10)
            return false;
        result = result * 10 + digit;
    }
    if (negative)
        result = -result;
    if (result < low || result > high)
        return false;
    *value = result;
    return true;
}

bool sol_parse_number(const char *text, double *value)
{
    bool negative = *text == '-';
    double result = 0, scale = 1;
    int digits = 0;
    if (*text == '-' || *text == '+')
        text++;
    for (; *text >= '0' && *text <= '9'; text++, digits++)
        result = result * 10 + (*text - '0');
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++, digits++) {
            result = result * 10 + (*text - '0');
            scale *= 10;
        }
    if (digits == 0 || digits > 300)
        return false;
    if (*text == 'e' || *text == 'E') {
        int64_t exponent;
        text++;
        if (!sol_parse_int(text + (*text == '+'), -300, 300, &exponent))
            return false;
        result *= pow(10, (double)exponent);
    } else if (*text) {
        return false;
    }
    result /= scale;
    if (!isfinite(result))
        return false;
    *value = negative ? -result : result;
    return true;
}

bool sol_parse_range(const char *text, int64_t *first, int64_t *last)
{
    char part[24];
    const char *dash = strchr(text, '-');
    size_t length = dash ? (size_t)(dash - text) : strlen(text);
    int64_t a, b;
    if (length == 0 || length >= sizeof part)
        return false;
    memcpy(part, text, length);
    part[length] = '\0';
    if (!sol_parse_int(part, 0, INT64_MAX, &a))
        return false;
    b = a;
    if (dash && !sol_parse_int(dash + 1, a, INT64_MAX, &b))
        return false;
    *first = a;
    *last = b;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int sol_compare_natural(const char *a, const char *b)
{
    const char *x = a, *y = b;
    while (*x && *y) {
        if (is_digit(*x) && is_digit(*y)) {
            size_t m, n;
            int order;
            x += strspn(x, "0");
            y += strspn(y, "0");
            m = strspn(x, "0123456789");
            n = strspn(y, "0123456789");
            order = m != n ? (m > n) - (m < n) : strncmp(x, y, m);
            if (order)
                return order;
            x += m;
            y += n;
        } else if (*x != *y) {
            break;
        } else {
            x++;
            y++;
        }
    }
    if (*x != *y)
        return (unsigned char)*x < (unsigned char)*y ? -1 : 1;
    return strcmp(a, b); /* they differ in leading zeros alone */
}

/* Optimal string alignment distance, for words of at most MAX_WORD characters. */
enum { MAX_WORD = 32 };

static int distance(const char *a, const char *b)
{
    int d[MAX_WORD + 1][MAX_WORD + 1];
    int m = (int)strlen(a), n = (int)strlen(b);
    for (int i = 0; i <= m; i++)
        for (int j = 0; j <= n; j++) {
            int x = tolower((unsigned char)(i ? a[i - 1] : 0)), y = tolower((unsigned char)(j ? b[j - 1] : 0));
            int best = i == 0 ? j : i;
            if (i && j) {
                int cost = x != y;
                best = d[i - 1][j - 1] + cost;
                if (d[i - 1][j] + 1 < best)
                    best = d[i - 1][j] + 1;
                if (d[i][j - 1] + 1 < best)
                    best = d[i][j - 1] + 1;
                if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                    y == tolower((unsigned char)a[i - 2]) && d[i - 2][j - 2] + 1 < best)
                    best = d[i - 2][j - 2] + 1;
            }
            d[i][j] = best;
        }
    return d[m][n];
}

const char *sol_nearest(const char *word, const char *const names[])
{
    const char *nearest = NULL;
    size_t length = strlen(word);
    int best;
    if (length == 0 || length > MAX_WORD)
        return NULL;
    best = (int)(length + 2) / 3;
    for (; *names; names++)
        if (strlen(*names) <= MAX_WORD) {
            int d = distance(word, *names);
            if (d < best || (d == best && !nearest)) {
                best = d;
                nearest = *names;
            }
        }
    return nearest;
}
