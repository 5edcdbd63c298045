/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vif worker: one network interface, one connection of its frontend. ring/serve.h has the
 * process; here is what an interface brings to it: a tap queue beside each queue, and the control
 * ring, which the main thread serves. Trusts control's parameters; promises that control hears when
 * the guest stops and when it begins again to take packets.
 */
#include <errno.h>
#include <string.h>

#include "netback/ctrl.h"
#include "netback/queue.h"
#include "netback/seal.h"
#include "ring/log.h"
#include "ring/serve.h"

/* What wakes a queue. */
enum heard {
	HEARD_EVENT,		/* the frontend's event channel */
	HEARD_TAP,		/* the tap has a packet */
	HEARD_CTRL,		/* main thread: the event channel of the control ring */
};

static struct vif vif;
static struct queue queues[QUEUES_MAX];
static struct ctrl ctrl;
static bool stalled, steers;	/* as control was told */

/* What may change while we run begins with what it was when control last looked. */
static void begin(const struct device_params *params, struct stats *stats, int main_wake)
{
	const struct vif_params *settings = &params->vif;

	vif.params = *params;
	vif.stats = stats;
	vif.main_wake = main_wake;
	bucket_set(&vif.rate[VIF_TX], settings->tx_rate_bytes, settings->tx_rate_usec);
	bucket_set(&vif.rate[VIF_RX], settings->rx_rate_bytes, settings->rx_rate_usec);
	vif.multicast = settings->flags & VIF_MULTICAST_CONTROL;
	vif.headroom = settings->xdp_headroom;
}

/* What a predecessor has left of what the guest told it, if it was of this connection. */
static void note_adopt(struct vif_note *note)
{
	const struct device_params *params = &vif.params;

	if (note->generation == params->generation) {
		hash_adopt(&note->hash, params->queues);
		return;
	}
	memset(note, 0, sizeof(*note));
	hash_init(&note->hash, params->queues);
	note->generation = params->generation;
}

static const char *queues_open(int *err)
{
	const uint32_t n = vif.params.queues;
	const char *wrong = NULL;
	struct slate *slates;
	void *note;

	slates = slate_map(WORKER_FD_JOURNAL, n * QUEUE_RINGS, &note);
	*err = slates ? 0 : -errno;
	if (!slates)
		return "cannot map the journal";
	vif.note = note;
	for (uint32_t q = 0; q < n && !wrong; q++)
		wrong = queue_open(&queues[q], &vif, q, WORKER_FD_BACKING + (int)q,
				&slates[q * QUEUE_RINGS], err);
	return wrong ? wrong : ctrl_open(&ctrl, &vif, WORKER_FD_BACKING + (int)n, err);
}

static const char *queues_attach(void)
{
	const char *wrong = NULL;

	note_adopt(vif.note);
	for (uint32_t q = 0; q < vif.params.queues && !wrong; q++)
		wrong = queue_attach(&queues[q]);
	return wrong ? wrong : ctrl_attach(&ctrl);
}

static struct queue_life *life(uint32_t q)
{
	return &queues[q].life;
}

static void watch(uint32_t q)
{
	serve_watch(q, events_fd(queues[q].events), HEARD_EVENT, false);
	serve_watch(q, queues[q].tap, HEARD_TAP, true);
	if (q == 0 && ctrl.page)
		serve_watch(q, events_fd(ctrl.events), HEARD_CTRL, false);
}

static void heard(uint32_t q, uint32_t what)
{
	switch (what) {
	case HEARD_EVENT:
		queue_event(&queues[q]);
		break;
	case HEARD_TAP:	/* it is read until it is empty */
		queues[q].rx.tap_ready = true;
		break;
	case HEARD_CTRL:
		ctrl_event(&ctrl);
		break;
	}
}

static void ctrl_look(void)
{
	const char *wrong = ctrl_work(&ctrl, queues[0].now_usec);

	if (!wrong)
		return;
	log_error("the control ring is halted: %s", wrong);
	serve_break(wrong);
}

/* The main thread has the control ring beside its queue. */
static int work(uint32_t q)
{
	const bool more = queue_work(&queues[q]);

	if (q == 0)
		ctrl_look();
	if (more)
		return 0;
	return queue_rest(&queues[q], q == 0 ? ctrl_rest(&ctrl, queues[q].now_usec) : UINT64_MAX);
}

static void rate_set(const struct control_msg *msg)
{
	if (msg->index > VIF_RX)
		return;
	bucket_set(&vif.rate[msg->index], msg->value, msg->value2);
	serve_wake_queues();
}

static void message(const struct control_msg *msg)
{
	switch (msg->type) {
	case CONTROL_RATE:
		rate_set(msg);
		break;
	case CONTROL_MULTICAST:
		__atomic_store_n(&vif.multicast, msg->value != 0, __ATOMIC_RELAXED);
		break;
	case CONTROL_XDP:
		__atomic_store_n(&vif.headroom, (uint32_t)msg->value, __ATOMIC_RELAXED);
		break;
	}
}

static void drain(void)
{
	__atomic_store_n(&vif.draining, true, __ATOMIC_RELAXED);
}

/* One queue that its guest does not empty is enough: the bridge should not send to it. */
static void stalled_say(void)
{
	bool any = false;

	for (uint32_t q = 0; q < vif.params.queues; q++)
		any |= __atomic_load_n(&queues[q].rx_stalled, __ATOMIC_RELAXED);
	if (any == stalled)
		return;
	stalled = any;
	log_notice(stalled ? "the guest does not take packets" : "the guest takes packets again");
	serve_say(CONTROL_STALLED, stalled);
}

static void look(void)
{
	stalled_say();
	if (ctrl.steers == steers)
		return;
	steers = true;
	serve_say(CONTROL_STEER, 0);
}

/* To a control that knows nothing of us. */
static void again(void)
{
	if (stalled)
		serve_say(CONTROL_STALLED, 1);
	if (steers)
		serve_say(CONTROL_STEER, 0);
}

int main(int argc, char **argv)
{
	static const struct serve_kind kind = {
		.program = "netback", .device = "vif", .kind = DEVICE_VIF, .backings = QUEUES_MAX + 1,
		.begin = begin, .open = queues_open, .seal = worker_seal, .attach = queues_attach,
		.life = life, .watch = watch, .heard = heard, .work = work,
		.message = message, .drain = drain, .look = look, .again = again,
	};

	return serve(&kind);
}
