/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with something an administrator wrote: one sentence, and the line it is about. */
#ifndef VLAN_COMPLAINT_H
#define VLAN_COMPLAINT_H

#include <stddef.h>

#define COMPLAINT_BYTES 320

struct complaint {
	unsigned int line;		/* from 1; 0: no line, the whole file or none */
	char text[COMPLAINT_BYTES];	/* without the file's name, without a final newline */
};

/* Writes the sentence, cut where it is too long, and returns -EINVAL. */
int complain(struct complaint *complaint, unsigned int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Prints "FILE:LINE: text" (or "FILE: text" without a line) and a newline on stderr. */
void complaint_print(const struct complaint *complaint, const char *file);

#endif
