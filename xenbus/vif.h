/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is an interface's own in a device's life: its keys, and its tap.
 */
#ifndef XENBUS_VIF_H
#define XENBUS_VIF_H

#include "xenbus/lifecycle.h"

struct vif {
	struct device device;	/* first: kind.bytes */
	uint32_t ifindex;	/* of the tap; 0: not known yet */
	unsigned int queues;	/* queues of the tap that are open here */
	int queue[QUEUES_MAX];	/* kept, so that the carrier outlives a worker */
	bool carrier, stalled;
	bool watching;		/* the frontend's request-multicast-control */
	char rate[48];		/* as it was read last */
	char target[96];
};

#define MULTICAST_KEY "request-multicast-control"

/* The vif of a device of that kind. */
struct vif *vif_of(struct device *device);

/* Hook of struct kind: fills device->params from both directories. */
int vif_negotiate(struct device *device, char wrong[WRONG_KEY_MAX]);

/* Reads one of them again: the toolstack's rate, the frontend's headroom (0, or as `negotiate`). */
void vif_rate_read(struct vif *vif);
int vif_xdp_read(struct device *device, char wrong[WRONG_KEY_MAX]);

#endif
