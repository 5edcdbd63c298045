/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A system made by hand, in memory, and the differ over it. What cannot be fails the test. */
#ifndef TESTS_UNIT_VLAN_WORLD_H
#define TESTS_UNIT_VLAN_WORLD_H

#include "vlan/diff.h"

#define MARK "vlanbr /p"

extern struct links sys;
extern struct plan plan;
extern struct diff diff;
extern struct complaint why;

/* For cmocka: lo and two cards, eth0 and eth1; and the end of all that. */
int system_new(void **state);
int system_end(void **state);

/* A new link, MTU 1500, down; the pointer is good until the next one. */
struct link *add(const char *name, enum link_kind kind);
void add_vlan(const char *name, const char *trunk, uint16_t vlan);
void add_address(const char *link, const char *text, bool dynamic);

/* The link's number. */
int index_of(const char *name);

void enslave(const char *port, const char *bridge);

/* Forgets plan and diff, for a new plan. */
void forget(void);

/* The diff of that plan: what diff_make() says. */
int compare(const char *text);

/* Makes the system as the diff says. */
void carry_out(void);

#endif
