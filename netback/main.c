/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vif worker: one process, one network interface, one connection of its frontend. Control starts
 * it with open descriptors and checked numbers (ring/control.h); it makes its rings, gives up its
 * privileges, and serves until control says DRAIN. One thread per queue; the main thread serves
 * queue 0, the control ring and control's socket. Never exits because of anything the frontend does.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "netback/ctrl.h"
#include "netback/queue.h"
#include "netback/seal.h"
#include "ring/control.h"
#include "ring/log.h"
#include "ring/sandbox.h"

/* #syscalls: epoll_wait epoll_ctl read write */

#define THREAD_STACK_BYTES (128u << 10)

/* Everything that can wake a thread of this process. */
enum wake {
	WAKE_EVENT,		/* the frontend's event channel */
	WAKE_TAP,		/* the tap has a packet */
	WAKE_SELF,		/* another thread of ours wants this one to look at struct vif */
	WAKE_LISTEN,		/* main thread: a control connects */
	WAKE_CONTROL,		/* main thread: a message of control, or its end */
	WAKE_CTRL,		/* main thread: the event channel of the control ring */
	WAKE_MAIN,		/* main thread: a queue was halted, is drained, or its guest has stalled */
};

struct worker {
	struct vif vif;
	struct control_line line;
	struct queue queue[QUEUES_MAX];
	struct ctrl ctrl;
	pthread_t thread[QUEUES_MAX];
	int epoll[QUEUES_MAX];	/* [0] is the main thread's */
	pthread_barrier_t gate;	/* passed twice: all threads run; the sandbox is sealed */
	const char *broken;	/* the sentence that control was told, or is to be told */
	bool serving;
	bool stalled;		/* as control was told */
};

static struct worker worker;

static void watch(int epoll, int fd, enum wake wake, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = (uint64_t)wake };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		log_error("cannot watch descriptor %d: %s", fd, strerror(errno));
}

static void counter_read(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;	/* another wake-up took it: nothing is lost, the state is looked at anyway */
}

static void queues_wake(void)
{
	const uint64_t one = 1;

	for (uint32_t q = 1; q < worker.vif.params.queues; q++) {
		if (write(worker.queue[q].wake, &one, sizeof(one)) < 0)
			continue;	/* already readable */
	}
}

/* --- control ----------------------------------------------------------------------------------- */

static void say_state(void)
{
	if (worker.broken)
		control_send(&worker.line, CONTROL_BROKEN, 0, worker.broken);
	else if (worker.serving)
		control_send(&worker.line, CONTROL_CONNECTED, worker.vif.params.generation, NULL);
}

static void rate_set(const struct control_msg *msg)
{
	if (msg->index > VIF_RX)
		return;
	bucket_set(&worker.vif.rate[msg->index], msg->value, msg->value2);
	queues_wake();
}

static void control_message(const struct control_msg *msg)
{
	switch (msg->type) {
	case CONTROL_HELLO_PLEASE:
		say_state();
		break;
	case CONTROL_DRAIN:
		__atomic_store_n(&worker.vif.draining, true, __ATOMIC_RELAXED);
		queues_wake();
		break;
	case CONTROL_RATE:
		rate_set(msg);
		break;
	case CONTROL_MULTICAST:
		__atomic_store_n(&worker.vif.multicast, msg->value != 0, __ATOMIC_RELAXED);
		break;
	case CONTROL_XDP:
		__atomic_store_n(&worker.vif.headroom, (uint32_t)msg->value, __ATOMIC_RELAXED);
		break;
	}
}

static void control_read(void)
{
	struct control_msg msg;

	while (worker.line.fd >= 0 && control_receive(&worker.line, &msg))
		control_message(&msg);
}

static void control_connect(int epoll)
{
	if (control_accept(&worker.line))
		return;
	watch(epoll, worker.line.fd, WAKE_CONTROL, EPOLLIN);
	say_state();
}

/* --- what queues tell the main thread ---------------------------------------------------------- */

/* One queue that its guest does not empty is enough: the bridge should not send to it. */
static void stalled_say(void)
{
	bool stalled = false;

	for (uint32_t q = 0; q < worker.vif.params.queues; q++)
		stalled |= __atomic_load_n(&worker.queue[q].rx_stalled, __ATOMIC_RELAXED);
	if (stalled == worker.stalled)
		return;
	worker.stalled = stalled;
	log_notice(stalled ? "the guest does not take packets" : "the guest takes packets again");
	control_send(&worker.line, CONTROL_STALLED, stalled, NULL);
}

static uint32_t queues_in(enum queue_state state)
{
	uint32_t n = 0;

	for (uint32_t q = 0; q < worker.vif.params.queues; q++) {
		/* Acquire: what the queue's thread did before it set the state. */
		n += __atomic_load_n(&worker.queue[q].state, __ATOMIC_ACQUIRE) == (uint32_t)state;
	}
	return n;
}

static void break_off(const char *why)
{
	if (worker.broken)
		return;
	worker.broken = why;
	log_error("halted: %s", why);
	say_state();
}

static void halted_say(void)
{
	for (uint32_t q = 0; q < worker.vif.params.queues; q++) {
		if (__atomic_load_n(&worker.queue[q].state, __ATOMIC_ACQUIRE) == QUEUE_HALTED)
			break_off(worker.queue[q].halted_by);
	}
}

static void ctrl_look(void)
{
	const char *wrong = ctrl_work(&worker.ctrl);

	if (wrong)
		break_off(wrong);
}

/* The last word: control may start a successor when this process is gone. */
static bool drained_say(void)
{
	if (queues_in(QUEUE_DRAINED) < worker.vif.params.queues)
		return false;
	control_send(&worker.line, CONTROL_DRAINED, 0, NULL);
	return true;
}

/* --- loops ------------------------------------------------------------------------------------- */

static void dispatch(struct queue *queue, int epoll, enum wake wake)
{
	switch (wake) {
	case WAKE_EVENT:
		queue_event(queue);
		break;
	case WAKE_TAP:	/* edge-triggered: it is read until it is empty */
		queue->rx.tap_ready = true;
		break;
	case WAKE_SELF:
		counter_read(queue->wake);
		break;
	case WAKE_LISTEN:
		control_connect(epoll);
		break;
	case WAKE_CONTROL:
		control_read();
		break;
	case WAKE_CTRL:
		ctrl_event(&worker.ctrl);
		break;
	case WAKE_MAIN:
		counter_read(worker.vif.main_wake);
		break;
	}
}

/* Sleeps at most that long, then lets everything that woke us be heard. */
static void sleep_and_dispatch(struct queue *queue, int epoll, int timeout_ms)
{
	struct epoll_event events[8];
	int n = epoll_wait(epoll, events, 8, timeout_ms);

	stats_add(&worker.vif.stats->syscalls, 1);
	if (timeout_ms != 0)
		stats_add(&worker.vif.stats->wakeups, 1);
	if (n == 0 && timeout_ms > 0)
		queue_idle(queue);
	for (int i = 0; i < n; i++)
		dispatch(queue, epoll, (enum wake)events[i].data.u64);
}

static void queue_watch(struct queue *queue, int epoll)
{
	watch(epoll, events_fd(queue->events), WAKE_EVENT, EPOLLIN);
	watch(epoll, queue->tap, WAKE_TAP, EPOLLIN | EPOLLET);
	watch(epoll, queue->wake, WAKE_SELF, EPOLLIN);
}

/* Works, and says how long the thread may sleep. */
static int sleep_of(struct queue *queue)
{
	return queue_work(queue) ? 0 : queue_rest(queue);
}

/* A queue other than the first: ends when it is drained. */
static void *queue_thread(void *arg)
{
	struct queue *queue = arg;
	const int epoll = worker.epoll[queue->index];
	int timeout;

	pthread_barrier_wait(&worker.gate);
	pthread_barrier_wait(&worker.gate);
	for (;;) {
		timeout = sleep_of(queue);
		if (queue->state == QUEUE_DRAINED)
			return NULL;
		sleep_and_dispatch(queue, epoll, timeout);
	}
}

static void main_loop(int epoll)
{
	struct queue *queue = &worker.queue[0];
	int timeout;

	for (;;) {
		timeout = sleep_of(queue);
		ctrl_look();
		stalled_say();
		halted_say();
		if (drained_say())
			return;
		sleep_and_dispatch(queue, epoll, timeout);
	}
}

/* --- start ------------------------------------------------------------------------------------- */

/* What a predecessor has left of what the guest told it, if it was of this connection. */
static void note_open(struct vif_note *note)
{
	const struct device_params *params = &worker.vif.params;

	worker.vif.note = note;
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
	const uint32_t queues = worker.vif.params.queues;
	const char *wrong = NULL;
	struct slate *slates;
	void *note;

	slates = slate_map(WORKER_FD_JOURNAL, queues * QUEUE_RINGS, &note);
	*err = slates ? 0 : -errno;
	if (!slates)
		return "cannot map the journal";
	note_open(note);
	for (uint32_t q = 0; q < queues && !wrong; q++)
		wrong = queue_open(&worker.queue[q], &worker.vif, q, WORKER_FD_BACKING + (int)q,
				&slates[q * QUEUE_RINGS], err);
	return wrong ? wrong : ctrl_open(&worker.ctrl, &worker.vif, err);
}

/* The threads of queues 1 and up; they wait at the gate until the sandbox is sealed. */
static const char *threads_start(int *err)
{
	const uint32_t queues = worker.vif.params.queues;
	pthread_attr_t attr;

	pthread_barrier_init(&worker.gate, NULL, queues);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES);
	for (uint32_t q = 0; q < queues && *err == 0; q++) {
		if (q) {
			worker.epoll[q] = epoll_create1(EPOLL_CLOEXEC);
			*err = -pthread_create(&worker.thread[q], &attr, queue_thread, &worker.queue[q]);
		}
		queue_watch(&worker.queue[q], worker.epoll[q]);
	}
	if (worker.ctrl.open)
		watch(worker.epoll[0], events_fd(worker.ctrl.events), WAKE_CTRL, EPOLLIN);
	pthread_attr_destroy(&attr);
	return *err ? "cannot start a queue's thread" : NULL;
}

/* Everything between the first instruction and the first guest byte. NULL, or what went wrong. */
static const char *start(int *err)
{
	const char *wrong = queues_open(err);

	if (wrong)
		return wrong;
	*err = sandbox_drop(worker.vif.params.uid, worker.vif.params.gid);
	if (*err)
		return "cannot give up privileges";
	wrong = threads_start(err);
	if (wrong)
		return wrong;
	/* A starting thread makes system calls that the sandbox does not allow: let all start first. */
	pthread_barrier_wait(&worker.gate);
	*err = worker_seal();
	if (*err)
		return "cannot close the sandbox";
	pthread_barrier_wait(&worker.gate);
	return NULL;
}

/* The connection cannot be made: control hears why, and ends us. */
static void wait_for_drain(int epoll)
{
	while (!worker.vif.draining) {
		struct epoll_event events[4];
		int n = epoll_wait(epoll, events, 4, -1);

		for (int i = 0; i < n; i++)
			dispatch(&worker.queue[0], epoll, (enum wake)events[i].data.u64);
	}
	control_send(&worker.line, CONTROL_DRAINED, 0, NULL);
}

/* What may change while we run begins with what it was when control last looked. */
static void settings_take(const struct vif_params *params)
{
	bucket_set(&worker.vif.rate[VIF_TX], params->tx_rate_bytes, params->tx_rate_usec);
	bucket_set(&worker.vif.rate[VIF_RX], params->rx_rate_bytes, params->rx_rate_usec);
	worker.vif.multicast = params->flags & VIF_MULTICAST_CONTROL;
	worker.vif.headroom = params->xdp_headroom;
}

static int params_open(void)
{
	struct device_params *params = &worker.vif.params;
	int err = params_read(WORKER_FD_PARAMS, params);
	const char *wrong = err ? strerror(-err) : params_check(params, DEVICE_VIF);

	if (wrong) {
		fprintf(stderr, "netback: cannot use the parameters on descriptor %d: %s; "
				"this program is started by xenbackd\n", WORKER_FD_PARAMS, wrong);
		return -1;
	}
	log_name("vif %u/%u", params->domid, params->devid);
	settings_take(&params->vif);
	worker.vif.main_wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	worker.vif.stats = stats_map(WORKER_FD_STATS, DEVICE_VIF, params->domid, params->devid);
	if (worker.vif.main_wake < 0 || !worker.vif.stats) {
		log_error("cannot map the figures page: %s", strerror(errno));
		return -1;
	}
	return 0;
}

static void run(int epoll)
{
	static char sentence[128];
	int err = 0;
	const char *wrong = start(&err);

	if (wrong) {
		snprintf(sentence, sizeof(sentence), "%s%s%s", wrong, err ? ": " : "",
				err ? strerror(-err) : "");
		log_error("%s", sentence);
		worker.broken = sentence;
		say_state();
		wait_for_drain(epoll);
		return;
	}
	worker.serving = true;
	say_state();
	main_loop(epoll);
	for (uint32_t q = 1; q < worker.vif.params.queues; q++)
		pthread_join(worker.thread[q], NULL);
}

int main(int argc, char **argv)
{
	int epoll;

	worker.line = (struct control_line) { .listen_fd = WORKER_FD_SOCK, .fd = -1 };
	signal(SIGPIPE, SIG_IGN);
	sandbox_close_from(WORKER_FD_BACKING + QUEUES_MAX);
	if (params_open())
		return 2;
	epoll = epoll_create1(EPOLL_CLOEXEC);
	worker.epoll[0] = epoll;
	watch(epoll, WORKER_FD_SOCK, WAKE_LISTEN, EPOLLIN);
	watch(epoll, worker.vif.main_wake, WAKE_MAIN, EPOLLIN);
	run(epoll);
	return 0;
}
