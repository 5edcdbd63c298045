/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vbd worker: one disk, one connection of its frontend. ring/serve.h has the process; here is
 * what a disk brings to it. Trusts control's parameters.
 */
#include <errno.h>

#include "blkback/look.h"
#include "blkback/queue.h"
#include "blkback/seal.h"
#include "ring/log.h"
#include "ring/serve.h"

/* What wakes a queue. */
enum heard {
	HEARD_EVENT,		/* the frontend's event channel */
	HEARD_ENGINE,		/* the disk has finished something: the queue reaps in its work */
	HEARD_TIMER,		/* something may have been idle for long enough */
};

static struct vbd vbd;
static struct queue queues[QUEUES_MAX];

static void begin(const struct device_params *params, struct stats *stats, int main_wake)
{
	vbd.params = *params;
	vbd.bytes = params->vbd.bytes;
	vbd.stats = stats;
	vbd.main_wake = main_wake;
}

static const char *queues_open(int *err)
{
	const struct device_params *params = &vbd.params;
	uint32_t slots = blkif_ring_slots(params->queue[0].ring[0].pages);
	struct journal journal[QUEUES_MAX];
	const char *wrong = NULL;

	*err = journal_map(WORKER_FD_JOURNAL, params->generation, params->queues, slots,
			vbd_record_bytes(params->vbd.indirect_max), journal);
	if (*err == -EPROTO) {
		*err = 0;	/* nothing that the host lacks, and has again in a moment */
		return "requests may be in flight in a journal of another version or connection";
	}
	if (*err)
		return "cannot map the journal";
	for (uint32_t q = 0; q < params->queues && !wrong; q++) {
		if (params->queue[q].ring[0].pages != params->queue[0].ring[0].pages)
			return "the queues have rings of different sizes";
		wrong = queue_open(&queues[q], &vbd, q, &journal[q], err);
	}
	return wrong;
}

static const char *queues_attach(void)
{
	const char *wrong = NULL;

	for (uint32_t q = 0; q < vbd.params.queues && !wrong; q++)
		wrong = queue_attach(&queues[q]);
	return wrong;
}

static const char *engines_open(int *err)
{
	for (uint32_t q = 0; q < vbd.params.queues; q++) {
		*err = queue_start(&queues[q], WORKER_FD_BACKING);
		if (*err)
			return "cannot start the disk engine";
	}
	return NULL;
}

static struct queue_life *life(uint32_t q)
{
	return &queues[q].life;
}

static void watch(uint32_t q)
{
	serve_watch(q, events_fd(queues[q].events), HEARD_EVENT, false);
	serve_watch(q, queues[q].engine->ops->fd(queues[q].engine), HEARD_ENGINE, true);
	serve_watch(q, queues[q].timer, HEARD_TIMER, false);
}

static void heard(uint32_t q, uint32_t what)
{
	if (what == HEARD_EVENT)
		queue_event(&queues[q]);
	else if (what == HEARD_TIMER)
		queue_timer(&queues[q]);
}

/* The main thread has its queue, and questions to control that are not yet due. */
static int work(uint32_t q)
{
	const int timeout = queue_work(&queues[q]) ? 0 : queue_rest(&queues[q]);

	return q ? timeout : look_timeout(&vbd, queues[0].now_usec, timeout);
}

static void message(const struct control_msg *msg)
{
	if (msg->type != CONTROL_RESIZE || msg->value % vbd.params.vbd.sector_bytes)
		return;
	__atomic_store_n(&vbd.bytes, msg->value, __ATOMIC_RELAXED);
	log_info("the disk has %llu bytes now", (unsigned long long)msg->value);
}

static void drain(void)
{
	__atomic_store_n(&vbd.draining, true, __ATOMIC_RELAXED);
}

static void drained(void)
{
	journal_drained(&queues[0].journal);
}

static void look(void)
{
	if (look_due(&vbd, queues[0].now_usec))
		serve_say(CONTROL_LOOK_AGAIN, 0);
}

int main(int argc, char **argv)
{
	static const struct serve_kind kind = {
		.program = "blkback", .device = "vbd", .kind = DEVICE_VBD, .backings = 1,
		.begin = begin, .open = queues_open, .unprivileged = engines_open, .seal = worker_seal,
		.attach = queues_attach,
		.life = life, .watch = watch, .heard = heard, .work = work,
		.message = message, .drain = drain, .drained = drained, .look = look,
	};

	return serve(&kind);
}
