/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GNTST_bad_domain in a copy, EINVAL in a mapping. */
#include "belief.h"

static void alone(struct belief *b)
{
	xengnttab_handle *grants = grants_open();
	uint8_t local[64] = { 0 };
	int status = copy_one(grants, copy_in(NO_SUCH_DOMAIN, 8, 0, 64, local));
	void *page = xengnttab_map_grant_ref(grants, NO_SUCH_DOMAIN, 8, PROT_READ);

	believe(status == GNTST_bad_domain, "the copy has status %d", status);
	believe(!page && errno == EINVAL, "mapped at %p with errno %d", page, errno);
}

const struct fact fact = { .alone = alone };
