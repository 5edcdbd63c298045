/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control ring: take -> copy the page it names -> do -> answer, one request at a time; there are
 * a handful in the life of a guest. Trusts nothing in a request. A crash between doing and
 * deciding the answer does a request again: setting a key or a mapping twice is setting it once. A
 * decided answer is given again instead, since it may have overwritten its request.
 */
#include "netback/ctrl.h"

#include <errno.h>
#include <string.h>

#include "ring/log.h"

/* What was on once stays with our tables: where hashing is off now, they have queues too. */
static void hash_steer(struct ctrl *ctrl)
{
	const struct hash *hash = &ctrl->vif->note->hash;

	steer_fill(ctrl->steer, hash);
	ctrl->steers |= hash_current(hash)->algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE;
}

SRING_TYPED(ctrl_ring, struct xen_netif_ctrl_request, struct xen_netif_ctrl_response)

/* Gives the answer that is written down, and shows it. Does the frontend want to hear of it? */
static bool answer_give(struct ctrl *ctrl)
{
	ctrl_ring_answer(&ctrl->ring, &ctrl->vif->note->ctrl_answer);
	return sring_publish(&ctrl->ring);
}

static bool answer_decide(struct ctrl *ctrl, const struct xen_netif_ctrl_response *response)
{
	struct vif_note *note = ctrl->vif->note;

	note->ctrl_answer = *response;
	/* Release: the answer comes before the word that it is decided. */
	__atomic_store_n(&note->ctrl_end, ctrl->ring.rsp_prod + 1, __ATOMIC_RELEASE);
	return answer_give(ctrl);
}

/* Goes on where a predecessor has left it. The indices are the guest's, checked by ring_indices(). */
static void ring_resume(struct ctrl *ctrl, uint32_t req_prod, uint32_t rsp_prod)
{
	const uint32_t end = ctrl->vif->note->ctrl_end;
	/* 0: nothing has been, in a ring that begins just before it. One answer in 2^32 is decided anew for that. */
	const bool decided = req_prod != rsp_prod && end && end == rsp_prod + 1;

	sring_attach(&ctrl->ring, ctrl->page, CTRL_RING_SLOTS, sizeof(struct xen_netif_ctrl_request),
			rsp_prod + decided, rsp_prod);
	if (decided)
		answer_give(ctrl);	/* an event for it is sent anyway */
}

static const char *handles_open(struct ctrl *ctrl, int *err)
{
	const uint32_t domid = ctrl->vif->params.domid;

	*err = events_open(&ctrl->events, domid);
	if (*err)
		return "cannot open the event channel device /dev/xen/evtchn";
	*err = grants_open(&ctrl->grants, domid);
	if (*err)
		return "cannot open the grant device /dev/xen/gntdev";
	ctrl->batch = grant_batch_new(1);
	*err = ctrl->batch ? 0 : -ENOMEM;
	return *err ? "cannot get memory for the control ring" : NULL;
}

const char *ctrl_open(struct ctrl *ctrl, struct vif *vif, int steer_fd, int *err)
{
	const struct ring_params *ring = &vif->params.vif.ctrl;
	const char *wrong;

	ctrl->vif = vif;
	if (ring->pages == 0)
		return NULL;
	wrong = handles_open(ctrl, err);
	if (!wrong)
		wrong = ring_map(ctrl->grants, ring, &ctrl->page, err);
	if (wrong)
		return wrong;
	*err = events_bind(ctrl->events, (remote_port_t) { ring->port }, &ctrl->port);
	if (*err)
		return "cannot bind the control ring's event channel";
	ctrl->steer = steer_open(steer_fd);
	return NULL;
}

const char *ctrl_attach(struct ctrl *ctrl)
{
	uint32_t req_prod, rsp_prod;
	const char *wrong;

	if (!ctrl->page)
		return NULL;
	wrong = ring_indices(ctrl->page, CTRL_RING_SLOTS, &req_prod, &rsp_prod);
	if (wrong)
		return wrong;
	ring_resume(ctrl, req_prod, rsp_prod);
	events_notify(ctrl->events, ctrl->port);
	hash_steer(ctrl);	/* as a predecessor knew it */
	ctrl->open = true;
	return NULL;
}

void ctrl_event(struct ctrl *ctrl)
{
	port_t port;

	if (events_take(ctrl->events, &port))
		return;
	ctrl->unmask_due = true;
	kicks_heard(&ctrl->kicks);
}

/* Does the frontend want to hear of it? */
static bool answer_one(struct ctrl *ctrl)
{
	uint32_t copy[HASH_COPY_BYTES / 4];
	struct xen_netif_ctrl_request request;
	struct xen_netif_ctrl_response response;
	uint32_t bytes;
	bool have = false;
	gref_t page;

	ctrl_ring_take(&ctrl->ring, &request);
	bytes = hash_wants(&request, &page);
	if (bytes) {
		uint32_t place = grant_batch_from_guest(ctrl->batch, ctrl->grants, page, 0, bytes, copy);

		grant_batch_run(ctrl->batch, ctrl->grants);
		have = grant_batch_ok(ctrl->batch, place);
		grant_batch_clear(ctrl->batch);
	}
	hash_request(&ctrl->vif->note->hash, &request, have ? copy : NULL, &response);
	if (response.status != XEN_NETIF_CTRL_STATUS_SUCCESS)
		log_notice("control request %u was answered with status %u", request.type,
				response.status);
	else
		hash_steer(ctrl);
	return answer_decide(ctrl, &response);
}

const char *ctrl_work(struct ctrl *ctrl, uint64_t now_usec)
{
	bool notify = false;
	int found;

	if (!ctrl->open)
		return NULL;
	found = sring_look(&ctrl->ring);
	for (int i = 0; i < found; i++)
		notify |= answer_one(ctrl);
	if (notify)
		events_notify(ctrl->events, ctrl->port);
	kicks_judge(&ctrl->kicks, found > 0, now_usec);
	if (found >= 0)
		return NULL;
	ctrl->open = false;
	return "the frontend's control index is beyond the ring";
}

uint64_t ctrl_rest(struct ctrl *ctrl, uint64_t now_usec)
{
	if (!ctrl->open)
		return UINT64_MAX;
	if (sring_rest(&ctrl->ring))
		return 0;
	if (!ctrl->unmask_due)
		return UINT64_MAX;
	if (kicks_hold(&ctrl->kicks, now_usec))
		return ctrl->kicks.until_usec;
	events_unmask(ctrl->events, ctrl->port);
	ctrl->unmask_due = false;
	return UINT64_MAX;
}
