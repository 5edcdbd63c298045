/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a port that does not exist is EINVAL (event_channel.c). */
#include "belief.h"

static void alone(struct belief *b)
{
	int port = xenevtchn_bind_interdomain(events_open(), NO_SUCH_DOMAIN, 1);

	believe(port == -1 && errno == ESRCH, "bound to %d with errno %d", port, errno);
}

const struct fact fact = { .alone = alone };
