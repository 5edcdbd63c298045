/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the libxen libraries are given to write their lines with. Left to themselves they write one to
 * stderr for each call that fails, without any limit, and a guest chooses which calls fail.
 */
#ifndef RING_QUIET_H
#define RING_QUIET_H

struct xentoollog_logger;

/* Writes nothing: our callers have the error, and a budget of lines (ring/log.h). Never NULL. */
struct xentoollog_logger *quiet_logger(void);

#endif
