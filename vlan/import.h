/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan made from ifupdown's stanzas. */
#ifndef VLAN_IMPORT_H
#define VLAN_IMPORT_H

#include <stdbool.h>

#include "vlan/interfaces.h"
#include "vlan/plan.h"

struct import {
	struct plan plan;		/* a bridge per stanza with bridge_ports, in their order */
	struct complaint *note;		/* what of the file the plan does not carry, in no order */
	size_t notes;
	bool refused;			/* a bridge that no plan can describe; a note says which */
};

/*
 * Converts every stanza that has bridge_ports. The caller frees with import_free(), also after an
 * error. -ENOMEM: no memory.
 */
int import_make(const struct interfaces *interfaces, struct import *import);

void import_free(struct import *import);

#endif
