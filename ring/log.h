/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line per event on stderr, with a systemd priority prefix and the device's name:
 * `<3>vbd 7/51712: the target /x is a directory`. Every call site has its own budget, so that no
 * guest can fill a disk with log lines.
 */
#ifndef RING_LOG_H
#define RING_LOG_H

#include <stdint.h>

/* Lines per call site: LOG_BURST at once, one more every LOG_PERIOD_SEC seconds. */
#define LOG_BURST 5
#define LOG_PERIOD_SEC 12

/*
 * With a level: a condition of the world that fails each operation as long as it lasts. One line of
 * that call site, and one more every LOG_SELDOM_SEC seconds, with the count of what was kept back.
 */
#define LOG_SELDOM 8
#define LOG_SELDOM_SEC 60

/*
 * Lines of a device's workers together, whichever call sites: a worker lives as long as a connection, and
 * a guest that connects again gets new call sites, but not a new budget.
 */
#define LOG_DEVICE_BURST 40
#define LOG_DEVICE_PERIOD_SEC 3

enum log_level { LOG_ERROR = 3, LOG_WARN = 4, LOG_NOTICE = 5, LOG_INFO = 6, LOG_DEBUG = 7 };

struct log_site {
	uint32_t tokens;	/* spent, not left, so that zero-initialised means full */
	uint32_t suppressed;
	uint64_t refilled;	/* CLOCK_MONOTONIC_COARSE seconds */
};

/* The name that starts each line of this process, e.g. "vbd 7/51712"; "" for none. Copied. */
void log_name(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Lines above this level are not written. LOG_INFO at the start. */
void log_level(enum log_level most);

/*
 * Where stderr is a socket, as under systemd: a line that nobody takes is lost, instead of waiting. For all
 * processes that have inherited it: a journal that stands still is not to stop disks.
 */
void log_never_wait(void);

/* From now on every line is also charged to this budget, which outlives the process (stats.h). */
void log_share(struct log_site *device);

/* How many lines all call sites have kept back since the start. */
uint64_t log_suppressed(void);

/*
 * Writes a line if the site's budget allows; use the macros. `level`: an enum log_level, with or
 * without LOG_SELDOM. Never fails, never allocates.
 */
void log_write(struct log_site *site, unsigned int level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_at(level, ...)                                                                         \
	do {                                                                                       \
		static struct log_site log_here;                                                   \
		log_write(&log_here, level, __VA_ARGS__);                                          \
	} while (0)

#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_notice(...) log_at(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)

#endif
