/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is an interface's own in a device's life: its keys, and its tap.
 */
#ifndef XENBUS_VIF_H
#define XENBUS_VIF_H

#include "xenbus/lifecycle.h"

/* How much may pass in one direction. */
struct vif_limit {
	uint64_t bytes;		/* each `usec` microseconds; 0: no limit */
	uint32_t usec;
	char text[48];		/* "BYTES,USEC", or what was written instead; "": no limit */
};

struct vif {
	struct device device;	/* first: kind.bytes */
	uint32_t ifindex;	/* of the tap; 0: not known yet */
	unsigned int queues;	/* queues of the tap that are open here */
	int queue[QUEUES_MAX];	/* kept, so that the carrier outlives a worker */
	bool stalled;		/* the worker says that its guest takes nothing */
	int steer_map;		/* of this connection's workers, see ring/steer.h; 0: none, below: -errno */
	bool steered;		/* by that map */
	bool watching;		/* the frontend's request-multicast-control */
	bool limits_told;	/* the worker has these: */
	struct vif_limit limit[2];	/* [0] what the guest sends, [1] what it receives */
	char target[96];
};

#define MULTICAST_KEY "request-multicast-control"

/* The vif of a device of that kind. */
struct vif *vif_of(struct device *device);

/* Hook of struct kind: fills device->params from both directories. */
int vif_negotiate(struct device *device, char wrong[WRONG_KEY_MAX]);

/* Reads it again: the frontend's headroom (0, or as `negotiate`). */
int vif_xdp_read(struct device *device, char wrong[WRONG_KEY_MAX]);

/*
 * Reads the limits as they are set now: the backend directory's `rate` and `rate-rx`; where the second
 * is missing, the configuration file's receive-limit of rx_kib KiB a second.
 */
void vif_limits_read(struct device *device, uint32_t rx_kib, struct vif_limit limit[2]);

/* Makes them what the worker, or a new one, goes by. */
void vif_limits_keep(struct vif *vif, const struct vif_limit limit[2]);

#endif
