/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One queue of a vif in this process, its tap a pair of sockets, over a Xen of plain memory; and the
 * pages of the frontend at its other end. A call that cannot do its work ends the process.
 */
#ifndef TESTS_UNIT_VIF_WORLD_H
#define TESTS_UNIT_VIF_WORLD_H

#include <stdint.h>

#include "netback/ctrl.h"
#include "netback/queue.h"
#include "netback/tap.h"
#include "tests/unit/fake_xen.h"

#define TX_GREF 1u
#define RX_GREF 2u
#define CTRL_GREF 3u
#define NOTE_GREF 4u		/* what control requests name */
#define RX_PAGE 256u		/* a page for each slot of a ring */
#define TX_PAGE 512u
#define VIF_QUEUES 4u		/* as hash mappings may name them; the first one is served */

extern struct vif vif;
extern struct stats figures;
extern struct queue queue;
extern struct ctrl ctrl;
extern int wire;		/* the tap's other end */

/* Slots by ring index, 12, 8 and 16 bytes; a word of a ring's header (req_prod, req_event, rsp_*). */
union netif_slot *tx_slot(uint32_t index);
void *rx_slot(uint32_t index);
void *ctrl_slot(uint32_t index);
uint32_t *header_at(uint32_t gref, unsigned int word);

/* A new connection with those vif_flags: rings that begin at `index`, perhaps a control ring; no worker. */
void vif_connect(uint32_t flags, bool with_ctrl, uint32_t index);

/* A worker on the rings as they are: what its opening says. And its end, with all that it had in memory. */
const char *vif_worker_start(void);
void vif_worker_die(void);

#endif
