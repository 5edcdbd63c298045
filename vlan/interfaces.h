/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stanzas of ifupdown's interfaces(5), as far as bridges and VLAN devices need them. */
#ifndef VLAN_INTERFACES_H
#define VLAN_INTERFACES_H

#include <stddef.h>

#include "vlan/complaint.h"

#define STANZA_WORD 64
#define STANZA_VALUE 512

/* One option line of an iface stanza; '-' in the key is read as '_'. */
struct stanza_option {
	unsigned int line;
	char key[STANZA_WORD];
	char value[STANZA_VALUE];	/* the rest of the line, without blanks at its ends */
};

/* iface NAME FAMILY METHOD */
struct stanza {
	unsigned int line;
	char name[STANZA_WORD];
	char family[STANZA_WORD];	/* inet, inet6, or "" (ifupdown2) */
	char method[STANZA_WORD];	/* static, dhcp, manual, loopback, ..., or "" */
	struct stanza_option *option;
	size_t options;
};

struct interfaces {
	struct stanza *stanza;
	size_t count;
	unsigned int source_line;	/* of the first source or source-directory line; 0: none */
};

/*
 * Reads the text; the caller frees with interfaces_free(), also after an error. Lines of other
 * stanzas (auto, allow-..., mapping) are passed over.
 * -EINVAL	a line too long, or an option that belongs to no stanza: the complaint says which
 * -ENOMEM	no memory
 */
int interfaces_parse(const char *text, size_t bytes, struct interfaces *interfaces,
	struct complaint *why);

void interfaces_free(struct interfaces *interfaces);

/* The value of a stanza's option, or NULL. The first, where there are several. */
const struct stanza_option *stanza_find(const struct stanza *stanza, const char *key);

#endif
