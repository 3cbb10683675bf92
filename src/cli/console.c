/* SPDX-License-Identifier: Apache-2.0
 *
 * What the user sees and sends: messages, the progress line, signals.
 */
#include "cli/cli.h"

#include <solstice/error.h>

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;
static bool progress_shown;

static void clear_progress(void);

void complain(const char *format, ...)
{
    va_list args;
    clear_progress();
    fputs("solstice: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

int report_failure(int code)
{
    if (code == SOL_ERR_CANCELLED) {
        complain("%s", strcmp(sol_error_text(), "interrupted") == 0 ? "interrupted; nothing was written" : sol_error_text());
        return EXIT_INTERRUPTED;
    }
    /* what is wrong in a schedule begins with its place, as compilers write it: editors jump there */
    if (code == SOL_ERR_SCHEDULE) {
        clear_progress();
        fprintf(stderr, "%s\n", sol_error_text());
        return EXIT_USAGE;
    }
    complain("%s", sol_error_text());
    return code == SOL_ERR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

static void print_log(void *user, SolLogLevel level, const char *text)
{
    (void)user;
    if (level == SOL_LOG_WARNING)
        complain("warning: %s", text);
    else if (level == SOL_LOG_NOTE)
        complain("%s", text);
}

static void print_warning(void *user, SolLogLevel level, const char *text)
{
    if (level == SOL_LOG_WARNING)
        print_log(user, level, text);
}

const SolLog sol_console_log = {print_log, NULL};
const SolLog sol_console_warnings = {print_warning, NULL};

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
    if (seconds < shown) /* another work */
        shown = 0;
    if (done)
        clear_progress();
    if (done || (shown > 0 && seconds - shown < 0.1) || (!terminal && seconds - shown < 10))
        return;
    shown = seconds;
    if (terminal)
        show_line(text);
    else
        fprintf(stderr, "%s\n", text);
}

/* "12.5 frames/s", or "8.1 s a frame" where that says more. */
static const char *format_rate(double rate, char text[32])
{
    if (rate > 0 && rate < 0.5)
        snprintf(text, 32, "%.1f s a frame", 1 / rate);
    else
        snprintf(text, 32, "%.1f frames/s", rate);
    return text;
}

void show_render_progress(void *unused, const SolRenderProgress *progress)
{
    char text[256], left[32], rate[32], part[32] = "";
    (void)unused;
    if (progress->part > 0)
        snprintf(part, sizeof part, " (%.0f%% of the next)", 100 * progress->part);
    snprintf(text, sizeof text, "frame %lld of %lld%s  %s  %s left  %s", (long long)progress->done,
             (long long)progress->frames, part, format_rate(progress->rate, rate),
             progress->seconds_left < 0 ? "?" : format_duration(progress->seconds_left, left), progress->segment);
    show_progress(text, progress->seconds, progress->done == progress->frames);
}

void print_report(const SolRenderReport *report)
{
    char size[32], rate[32];
    for (int i = 0; i < report->output_count; i++) {
        const SolWriterReport *output = &report->outputs[i];
        printf("%s: %lld frame%s, %dx%d, %.2f s, %s\n", output->path, (long long)output->frames,
               output->frames == 1 ? "" : "s", output->width, output->height, output->seconds,
               format_bytes(output->bytes, size));
    }
    printf("%lld frame%s in %.1f seconds (%s)", (long long)report->frames, report->frames == 1 ? "" : "s",
           report->seconds, format_rate((double)report->frames / report->seconds, rate));
    if (report->tiles > 1)
        printf(", each painted in %d tiles", report->tiles);
    printf("\n");
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
