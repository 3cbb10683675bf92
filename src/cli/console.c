/* SPDX-License-Identifier: Apache-2.0
 *
 * What the user sees and sends: messages, the progress line, signals.
 */
#include "cli/cli.h"

#include "base/file.h"
#include "media/animation.h"
#include "media/writer.h"

#include <solstice/error.h>

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;
static bool progress_shown;
static pthread_mutex_t console = PTHREAD_MUTEX_INITIALIZER; /* several renders at once speak one at a time */

static void clear_progress(void);

void complain(const char *format, ...)
{
    va_list args;
    pthread_mutex_lock(&console);
    clear_progress();
    fputs("solstice: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    pthread_mutex_unlock(&console);
}

int report_failure(int code)
{
    if (code == SOL_ERR_CANCELLED) {
        complain("%s", strcmp(sol_error_text(), "interrupted") == 0 ? "interrupted; nothing was written" : sol_error_text());
        return EXIT_INTERRUPTED;
    }
    /* what is wrong in a schedule begins with its place, as compilers write it: editors jump there */
    if (code == SOL_ERR_SCHEDULE) {
        pthread_mutex_lock(&console);
        clear_progress();
        fprintf(stderr, "%s\n", sol_error_text());
        pthread_mutex_unlock(&console);
        return EXIT_USAGE;
    }
    complain("%s", sol_error_text());
    return code == SOL_ERR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

static SolLogLevel all_warnings = SOL_LOG_WARNING, all_notes = SOL_LOG_NOTE, all_details = SOL_LOG_DETAIL;

static void print_log(void *most, SolLogLevel level, const char *text)
{
    if (level <= *(const SolLogLevel *)most)
        complain("%s%s", level == SOL_LOG_WARNING ? "warning: " : "", text);
}

const SolLog sol_console_log = {print_log, &all_notes};
const SolLog sol_console_warnings = {print_log, &all_warnings};
const SolLog sol_console_details = {print_log, &all_details};

static void interrupt(int signal_number)
{
    if (interrupted)
        _exit(128 + signal_number);
    interrupted = 1;
}

void catch_interrupts(void)
{
    struct sigaction action, former;
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (sigaction(SIGHUP, NULL, &former) == 0 && former.sa_handler != SIG_IGN) /* nohup */
        sigaction(SIGHUP, &action, NULL);
    /* a reader that went away, and a file size limit, are errors of writing like any other */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

bool was_interrupted(void *unused)
{
    (void)unused;
    return interrupted != 0;
}

static bool is_terminal(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDERR_FILENO) && kind && *kind && strcmp(kind, "dumb") != 0;
}

/* Shows `text` as the one line that changes. */
static void show_line(const char *text)
{
    struct winsize size;
    int width = 80;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10)
        width = size.ws_col;
    fprintf(stderr, "\r%.*s\033[K", width - 1, text);
    fflush(stderr);
    progress_shown = true;
}

static void clear_progress(void)
{
    if (progress_shown)
        fputs("\r\033[K", stderr);
    progress_shown = false;
}

void show_progress(const char *text, double seconds, bool done)
{
    static double shown; /* when, in those seconds */
    bool terminal = is_terminal();
    pthread_mutex_lock(&console);
    if (seconds < shown) /* another work */
        shown = 0;
    if (done)
        clear_progress();
    if (!done && (shown <= 0 || seconds - shown >= 0.1) && (terminal || seconds - shown >= 10)) {
        shown = seconds;
        if (terminal)
            show_line(text);
        else
            fprintf(stderr, "%s\n", text);
    }
    pthread_mutex_unlock(&console);
}

const char *format_rate(double rate, char text[32])
{
    if (rate > 0 && rate < 0.5)
        snprintf(text, 32, "%.1f s a frame", 1 / rate);
    else
        snprintf(text, 32, "%.1f frames/s", rate);
    return text;
}

/* How much smaller, or larger, a file is than the GIF. */
static void print_saving(FILE *to, const SolWriterReport *other, const SolWriterReport *gif)
{
    double ratio = gif->bytes > 0 ? (double)other->bytes / (double)gif->bytes : 1;
    if (ratio >= 2)
        fprintf(to, "%s is %.1f times as large as %s\n", other->path, ratio, gif->path);
    else
        fprintf(to, "%s is %.0f %% %s than %s\n", other->path, 100 * fabs(1 - ratio), ratio > 1 ? "larger" : "smaller",
                gif->path);
}

/* How much smaller the same pictures are as WebP or APNG than as the GIF that was made with it. */
static void print_savings(FILE *to, const SolRenderReport *report)
{
    const SolWriterReport *gif = NULL;
    for (int i = 0; i < report->output_count && !gif; i++)
        if (sol_path_has_extension(report->outputs[i].path, "gif"))
            gif = &report->outputs[i];
    for (int i = 0; i < report->output_count && gif; i++) {
        const SolWriterReport *other = &report->outputs[i];
        if (sol_path_has_extension(other->path, SOL_ANIMATION_EXTENSIONS) && other->width == gif->width &&
            other->height == gif->height && other->frames == gif->frames)
            print_saving(to, other, gif);
    }
}

void print_report(const SolRenderReport *report)
{
    char size[32], rate[32];
    FILE *to = stdout;
    for (int i = 0; i < report->output_count; i++)
        if (sol_writer_is_stream(report->outputs[i].path))
            to = stderr;
    for (int i = 0; i < report->output_count; i++) {
        const SolWriterReport *output = &report->outputs[i];
        fprintf(to, "%s: %lld frame%s, %dx%d, %.2f s, %s\n", output->path, (long long)output->frames,
               output->frames == 1 ? "" : "s", output->width, output->height, output->seconds,
               format_bytes(output->bytes, size));
    }
    print_savings(to, report);
    fprintf(to, "%lld frame%s in %.1f seconds (%s)", (long long)report->frames, report->frames == 1 ? "" : "s",
           report->seconds, format_rate((double)report->frames / report->seconds, rate));
    if (report->tiles > 1)
        fprintf(to, ", each painted in %d tiles", report->tiles);
    fprintf(to, "\n");
}

const char *format_duration(double seconds, char text[32])
{
    long whole = seconds < 0 ? 0 : seconds > 1e9 ? 1000000000 : (long)(seconds + 0.5);
    if (whole >= 3600)
        snprintf(text, 32, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(text, 32, "%ld:%02ld", whole / 60, whole % 60);
    return text;
}

const char *format_bytes(int64_t bytes, char text[32])
{
    static const char *const units[] = {"KB", "MB", "GB", "TB"};
    double value = (double)bytes / 1000;
    int unit = 0;
    if (bytes < 1000) {
        snprintf(text, 32, "%d bytes", (int)bytes);
        return text;
    }
    while (value >= 999.95 && unit < 3) {
        value /= 1000;
        unit++;
    }
    snprintf(text, 32, "%.1f %s", value, units[unit]);
    return text;
}
