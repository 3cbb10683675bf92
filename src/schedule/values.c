/* SPDX-License-Identifier: Apache-2.0
 *
 * Parsing of the values of a schedule, independent of the locale.
 */
#include "schedule/values.h"

#include "base/text.h"

#include <string.h>

enum { PART_SIZE = 32 }; /* of a range's side, with its final zero */

/* Digits with at most one point: no sign, no exponent. */
static bool parse_decimal(const char *text, double *value)
{
    return text[strspn(text, "0123456789.")] == '\0' && sol_parse_number(text, value);
}

/* Copies `length` characters without the blanks at their ends. */
static bool copy_part(const char *text, size_t length, char part[PART_SIZE])
{
    while (length > 0 && *text == ' ') {
        text++;
        length--;
    }
    while (length > 0 && text[length - 1] == ' ')
        length--;
    if (length == 0 || length >= PART_SIZE)
        return false;
    memcpy(part, text, length);
    part[length] = '\0';
    return true;
}

/* Cuts "A-B" at its first dash; without one, both parts are the whole text. */
static bool split_range(const char *text, char first[PART_SIZE], char last[PART_SIZE])
{
    const char *dash = strchr(text, '-');
    if (!dash)
        return copy_part(text, strlen(text), first) && copy_part(text, strlen(text), last);
    return copy_part(text, (size_t)(dash - text), first) && copy_part(dash + 1, strlen(dash + 1), last);
}

static int64_t common_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* "25", "29.97" or "30000/1001", 0.01 to 1000, in lowest terms. */
static bool parse_fraction(const char *text, SolRational *value)
{
    enum { LARGEST = 1000000000 };
    const char *cut = strpbrk(text, "/.");
    char whole[PART_SIZE];
    int64_t num, den = 1, part = 0, divisor;
    size_t length = cut ? (size_t)(cut - text) : strlen(text);
    if (text[strspn(text, "0123456789./")] || !copy_part(text, length, whole) ||
        !sol_parse_int(whole, 0, LARGEST, &num))
        return false;
    if (cut && !sol_parse_int(cut + 1, 0, LARGEST, &part))
        return false;
    if (cut && *cut == '/') {
        den = part;
    } else if (cut) {
        if (strlen(cut + 1) > 6)
            return false;
        for (size_t i = 0; i < strlen(cut + 1); i++)
            den *= 10;
        num = num * den + part;
    }
    if (num <= 0 || den <= 0 || num > 1000 * den || 100 * num < den)
        return false;
    divisor = common_divisor(num, den);
    if (num / divisor > LARGEST)
        return false;
    *value = (SolRational){(int)(num / divisor), (int)(den / divisor)};
    return true;
}

bool sol_parse_rate(const char *text, SolRational *rate)
{
    static const struct {
        const char *text;
        int thousands;
    } common[] = {{"23.976", 24}, {"23.98", 24}, {"29.97", 30}, {"47.952", 48}, {"59.94", 60}, {"119.88", 120}};
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        if (strcmp(text, common[i].text) == 0) {
            *rate = (SolRational){common[i].thousands * 1000, 1001};
            return true;
        }
    return parse_fraction(text, rate);
}

bool sol_parse_speed(const char *text, SolRational *speed)
{
    size_t length = strlen(text);
    char number[PART_SIZE];
    return length > 1 && text[length - 1] == 'x' && copy_part(text, length - 1, number) && parse_fraction(number, speed);
}

bool sol_parse_frames(const char *text, int64_t *first, int64_t *last)
{
    char from[PART_SIZE], to[PART_SIZE];
    int64_t a;
    if (!split_range(text, from, to) || !sol_parse_int(from, 0, INT64_MAX, &a) ||
        !sol_parse_int(to, 0, INT64_MAX, last))
        return false;
    *first = a;
    return true;
}

/* "1.5s", "0:12.5" or "1:02:03", in seconds. */
static bool parse_time(char *text, double *seconds)
{
    size_t length = strlen(text);
    double total = 0, value;
    char *colon;
    int fields = 1;
    if (length > 1 && text[length - 1] == 's') {
        text[length - 1] = '\0';
        return parse_decimal(text, seconds);
    }
    for (; (colon = strchr(text, ':')); text = colon + 1, fields++) {
        int64_t whole;
        *colon = '\0';
        if (!sol_parse_int(text, 0, fields == 1 ? 1000000 : 59, &whole))
            return false;
        total = total * 60 + (double)whole;
    }
    if (fields < 2 || fields > 3 || !parse_decimal(text, &value) || value >= 60)
        return false;
    *seconds = total * 60 + value;
    return true;
}

bool sol_parse_times(const char *text, double *from, double *to)
{
    char first[PART_SIZE], last[PART_SIZE];
    double a, b;
    if (!strchr(text, '-') || !split_range(text, first, last) || !parse_time(first, &a) || !parse_time(last, &b))
        return false;
    *from = a;
    *to = b;
    return true;
}

bool sol_parse_time(const char *text, double *seconds)
{
    char part[PART_SIZE];
    return copy_part(text, strlen(text), part) && (parse_decimal(part, seconds) || parse_time(part, seconds));
}

/* The number up to `end`, or up to the end of the text; *text is set behind it. */
static bool take_side(const char **text, char end, int low, int *value)
{
    char part[PART_SIZE];
    size_t length = strcspn(*text, (char[]){end, '\0'});
    int64_t number;
    if (!copy_part(*text, length, part) || !sol_parse_int(part, low, SOL_IMAGE_MAX_SIDE, &number))
        return false;
    *text += length + ((*text)[length] != '\0');
    *value = (int)number;
    return true;
}

bool sol_parse_crop(const char *text, SolCrop *crop)
{
    SolCrop made = {.ratio = strchr(text, ':') != NULL, .placed = strchr(text, '+') != NULL};
    char between = made.ratio ? ':' : 'x';
    if (!strchr(text, between) || (made.ratio && made.placed) || !take_side(&text, between, 1, &made.width) ||
        !take_side(&text, '+', 1, &made.height))
        return false;
    if (made.placed && (!take_side(&text, '+', 0, &made.left) || !take_side(&text, '\0', 0, &made.top)))
        return false;
    *crop = made;
    return true;
}

bool sol_parse_bitrate(const char *text, int64_t *bits)
{
    char number[PART_SIZE];
    size_t length = strlen(text);
    double value, unit = 1;
    if (length > 1 && strchr("kKmM", text[length - 1]))
        unit = strchr("kK", text[--length]) ? 1e3 : 1e6;
    if (!copy_part(text, length, number) || !parse_decimal(number, &value) || value * unit < 1 || value * unit > 1e15)
        return false;
    *bits = (int64_t)(value * unit + 0.5);
    return true;
}

bool sol_parse_percent(const char *text, double *percent)
{
    char number[PART_SIZE];
    size_t length = strlen(text);
    if (length < 2 || text[length - 1] != '%' || !copy_part(text, length - 1, number))
        return false;
    return parse_decimal(number, percent);
}

bool sol_parse_length(const char *text, double *pixels, double *share)
{
    double value, sign = *text == '-' ? -1 : 1;
    text += *text == '-' || *text == '+';
    if (parse_decimal(text, &value)) {
        *pixels = sign * value;
        *share = 0;
        return true;
    }
    if (!sol_parse_percent(text, &value))
        return false;
    *pixels = 0;
    *share = sign * value / 100;
    return true;
}
