/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unmap notification: when a mapping or a shared page ends, a byte of it becomes 0 and an event is
 * sent, also when its process is killed. A handle that asks for it gets a watcher, a process that
 * waits for the end of the handle (build/sim/notifier); no other handle pays anything.
 */
#ifndef SIM_NOTIFY_H
#define SIM_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "table.h"

#define SIM_NOTES 256	/* of one handle */

/* What is to be done at the end of one mapping. */
struct sim_note {
	uint32_t used;
	uint32_t domid, life;	/* whose page */
	uint32_t ref;
	int32_t offset;		/* of the byte to clear; -1: none */
	uint32_t self;		/* the domain whose port it is */
	int32_t port;		/* to send from; -1: none */
	uint32_t remote_dom, remote_port;	/* its other end when the note was made; 0, 0: none */
};

struct sim_notes {
	struct sim_note *note;	/* SIM_NOTES of them, shared with the watcher; NULL: none so far */
	int end;		/* the watcher waits until nobody holds this open */
};

/*
 * Adds a note for a page. `offset` beyond the page and `port` (uint32_t)-1: none of that kind. NULL with errno
 * (EINVAL: the port is not one of `self`; ENOSPC: too many).
 */
struct sim_note *sim_note_add(struct sim_notes *notes, uint32_t self, const struct sim_domain *domain,
		uint32_t ref, uint32_t offset, uint32_t port);

/* Does what the note says, and takes it out. */
void sim_note_fire(struct sim_note *note);

#endif
