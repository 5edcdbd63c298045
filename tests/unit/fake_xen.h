/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring/grants.h and ring/events.h over plain memory, for tests of a whole queue in one process.
 * Grant reference n is page n of the guest; everything outside is not granted.
 */
#ifndef TESTS_UNIT_FAKE_XEN_H
#define TESTS_UNIT_FAKE_XEN_H

#include <stdbool.h>
#include <stdint.h>

#define FAKE_PAGES 1024u
#define FAKE_PAGE_BYTES 4096u

struct fake_xen {
	uint8_t page[FAKE_PAGES][FAKE_PAGE_BYTES];
	bool copy_refused[FAKE_PAGES];	/* this reference cannot be copied from or to */
	bool map_refused[FAKE_PAGES];	/* this reference cannot be mapped */
	bool calls_fail;		/* a copy call fails as a whole */
	bool unbound;			/* the frontend's port does not exist */
	uint32_t no_handle;		/* the how manieth handle, of either kind, cannot be opened; 0: each can */
	uint32_t pending;		/* our ports, a bit each in the order of binding: the next events_take() has one */
	uint32_t maps, maps_failed, unmaps, copy_calls, notified, unmasked;
};

extern struct fake_xen fake;

#endif
