/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A logger that says nothing. Trusts the libraries to write in no other way; promises that none of their
 * lines goes past our own budget.
 */
#include "ring/quiet.h"

#include <stddef.h>
#include <xentoollog.h>

static void nothing_written(struct xentoollog_logger *logger, xentoollog_level level, int errnoval,
		const char *context, const char *format, va_list args)
{
}

static void nothing_shown(struct xentoollog_logger *logger, const char *context, const char *doing,
		int percent, unsigned long done, unsigned long total)
{
}

static void nothing_freed(struct xentoollog_logger *logger)
{
}

struct xentoollog_logger *quiet_logger(void)
{
	static struct xentoollog_logger quiet = {
		.vmessage = nothing_written, .progress = nothing_shown, .destroy = nothing_freed,
	};

	return &quiet;
}
