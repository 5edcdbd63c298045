/* SPDX-License-Identifier: GPL-2.0-or-later */
/* And is then not introduced any more: what a backend watches for domains without a toolstack. */
#include "belief.h"

#include <stdio.h>

static void backend(struct belief *b)
{
	char *event;

	need(xs_watch(b->xs, "@releaseDomain", "token"), "no watch");
	event = watch_event(b->xs, 2000);
	need(event != NULL, "the watch did not fire at its registration");
	believe(!watch_event(b->xs, 100), "it fired while nobody died");
	believe(xs_is_domain_introduced(b->xs, b->peer), "domain %u is not introduced", b->peer);
	puts("ready");
	event = watch_event(b->xs, 20000);
	believe(event && strcmp(event, "@releaseDomain") == 0, "it did not fire");
	believe(!xs_is_domain_introduced(b->xs, b->peer), "domain %u is still introduced", b->peer);
	exit(0);	/* there is no frontend to say anything to */
}

static void frontend(struct belief *b)
{
	sleep_ms(60000);
}

const struct fact fact = { .needs = NEEDS_DESTROY, .frontend = frontend, .backend = backend };
