/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log lines. Trusts its callers' format strings; promises one write(2) per line and a bounded
 * number of lines per call site and per device, whatever a guest does. Budgets shared by queue
 * threads may miscount by a line: that is no harm.
 */
#include "ring/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* #syscalls: write clock_gettime */

static char name[48];
static enum log_level most_level = LOG_INFO;
static struct log_site *of_device;	/* NULL: only call sites count */
static uint64_t all_suppressed;

void log_name(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
}

void log_level(enum log_level most)
{
	most_level = most;
}

void log_never_wait(void)
{
	struct stat st;

	/* Not a terminal, which belongs to others, too. */
	if (fstat(STDERR_FILENO, &st) == 0 && S_ISSOCK(st.st_mode))
		fcntl(STDERR_FILENO, F_SETFL, fcntl(STDERR_FILENO, F_GETFL) | O_NONBLOCK);
}

void log_share(struct log_site *device)
{
	of_device = device;
}

uint64_t log_suppressed(void)
{
	return __atomic_load_n(&all_suppressed, __ATOMIC_RELAXED);
}

/* A leaky bucket: a line costs a token, a token leaks every `period` seconds. */
static bool bucket_takes(struct log_site *site, uint32_t burst, uint32_t period)
{
	struct timespec now;
	uint64_t leaked;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	leaked = ((uint64_t)now.tv_sec - site->refilled) / period;
	if (leaked > 0) {
		site->tokens = leaked >= site->tokens ? 0 : site->tokens - (uint32_t)leaked;
		site->refilled = (uint64_t)now.tv_sec;
	}
	if (site->tokens >= burst)
		return false;
	site->tokens++;
	return true;
}

static bool site_allows(struct log_site *site, bool seldom)
{
	if (bucket_takes(site, seldom ? 1 : LOG_BURST, seldom ? LOG_SELDOM_SEC : LOG_PERIOD_SEC) &&
			(!of_device || bucket_takes(of_device, LOG_DEVICE_BURST, LOG_DEVICE_PERIOD_SEC)))
		return true;
	site->suppressed++;
	__atomic_fetch_add(&all_suppressed, 1, __ATOMIC_RELAXED);
	return false;
}

/* snprintf returns what it would have written; this is how far the line really got, without its NUL. */
static size_t grown(size_t used, size_t room, int added)
{
	size_t after = used + (added > 0 ? (size_t)added : 0);

	return after < room ? after : room - 1;
}

void log_write(struct log_site *site, unsigned int level, const char *fmt, ...)
{
	char line[512];
	const size_t room = sizeof(line) - 1;
	size_t used = 0;
	va_list args;

	if ((level & ~LOG_SELDOM) > most_level || !site_allows(site, level & LOG_SELDOM))
		return;
	used = grown(used, room, snprintf(line, room, "<%u>%s%s", level & ~LOG_SELDOM, name,
			name[0] ? ": " : ""));
	va_start(args, fmt);
	used = grown(used, room, vsnprintf(line + used, room - used, fmt, args));
	va_end(args);
	if (site->suppressed) {
		used = grown(used, room, snprintf(line + used, room - used, " (%u more like this kept back)",
				site->suppressed));
		site->suppressed = 0;
	}
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return; /* nobody reads our stderr: there is nowhere to say so */
}
