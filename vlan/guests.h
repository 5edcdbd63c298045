/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vifs of a guest's configuration file, xl.cfg(5), as far as bridges and VLANs go. */
#ifndef VLAN_GUESTS_H
#define VLAN_GUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge/links.h"
#include "vlan/complaint.h"

#define GUEST_WORD 64

struct guest_vif {
	unsigned int line;
	bool mac_said;
	uint8_t mac[MAC_BYTES];
	uint32_t mtu;			/* bytes; 0: not said */
	char bridge[GUEST_WORD];	/* "": not said */
	char vlan[GUEST_WORD];
};

struct guest {
	char name[GUEST_WORD];		/* "": not said */
	struct guest_vif *vif;
	size_t vifs;
};

/*
 * Reads a configuration's `name` and `vif`; everything else is passed over. The caller frees with
 * guest_free(), also after an error.
 * -EINVAL	a vif that cannot be read: the complaint says what and where
 * -ENOMEM	no memory
 */
int guest_parse(const char *text, size_t bytes, struct guest *guest, struct complaint *why);

void guest_free(struct guest *guest);

/* The value of `key = "value"` in a file of the same grammar, as in xl.conf(5); "" if not there. */
void config_value(const char *text, size_t bytes, const char *key, char value[GUEST_WORD]);

/* Reads six hexadecimal bytes with colons. -EINVAL: anything else. */
int mac_parse(const char *text, uint8_t mac[MAC_BYTES]);

#endif
