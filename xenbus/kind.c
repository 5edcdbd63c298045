/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which kinds of devices there are.
 */
#include "xenbus/kind.h"

static const struct kind *const kinds[] = { &vbd_kind, &vif_kind };

const struct kind *kind_of(uint32_t id)
{
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		if (kinds[k]->id == id)
			return kinds[k];
	}
	return NULL;
}
