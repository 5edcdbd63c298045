/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sentences about an administrator's mistakes, in the form that editors and people jump by. */
#include "vlan/complaint.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int complain(struct complaint *complaint, unsigned int line, const char *fmt, ...)
{
	va_list args;

	complaint->line = line;
	va_start(args, fmt);
	vsnprintf(complaint->text, sizeof(complaint->text), fmt, args);
	va_end(args);
	return -EINVAL;
}

void complaint_print(const struct complaint *complaint, const char *file)
{
	if (complaint->line)
		fprintf(stderr, "%s:%u: %s\n", file, complaint->line, complaint->text);
	else
		fprintf(stderr, "%s: %s\n", file, complaint->text);
}
