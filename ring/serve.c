/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a worker's process. Trusts control's parameters and the kind it serves; promises that
 * no guest byte is read before the sandbox is closed, that control always hears how it stands, and
 * that the process ends only when control says so.
 */
#include "ring/serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "ring/log.h"
#include "ring/sandbox.h"

/* #syscalls: epoll_wait epoll_ctl read write */

#define THREAD_STACK_BYTES (128u << 10)
#define CONTROL_WAIT_MSEC 2000	/* for whoever started us; then there is nobody */
#define EXIT_ORPHAN 3

/* What can wake a thread, beside what the kind watches. */
enum own_wake {
	WAKE_SELF,		/* the main thread wants this queue to look at its device */
	WAKE_LISTEN,		/* main thread: a control connects */
	WAKE_CONTROL,		/* main thread: a message of control, or its end */
	WAKE_MAIN,		/* main thread: a queue has something for it */
	WAKE_KIND,		/* and those after it: the kind's own */
};

static struct {
	const struct serve_kind *kind;
	struct device_params params;
	struct stats *stats;
	struct control_line line;
	pthread_t thread[QUEUES_MAX];
	int epoll[QUEUES_MAX];	/* [0] is the main thread's */
	int main_wake;
	pthread_barrier_t gate;	/* passed twice: all threads run; the rings are attached */
	const char *broken;	/* the sentence that control was told, or is to be told */
	int broken_errno;	/* positive; 0: the frontend broke the protocol */
	bool serving, draining;
} self;

static void watch(uint32_t q, int fd, uint64_t wake, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = wake };

	if (epoll_ctl(self.epoll[q], EPOLL_CTL_ADD, fd, &event))
		log_error("cannot watch descriptor %d: %s", fd, strerror(errno));
}

void serve_watch(uint32_t q, int fd, uint32_t what, bool edge)
{
	watch(q, fd, WAKE_KIND + what, EPOLLIN | (edge ? EPOLLET : 0));
}

static void counter_read(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return;	/* another wake-up took it: nothing is lost, the state is looked at anyway */
}

void serve_wake_queues(void)
{
	const uint64_t one = 1;

	for (uint32_t q = 1; q < self.params.queues; q++) {
		if (write(self.kind->life(q)->wake, &one, sizeof(one)) < 0)
			continue;	/* already readable */
	}
}

/* --- control ----------------------------------------------------------------------------------- */

void serve_say(enum control_type type, uint64_t value)
{
	/* A control that has gone asks the next time it comes. */
	control_send(&self.line, type, value, NULL);
}

/* Last: at this word control may act on all that it knows. */
static void connected_say(void)
{
	if (self.kind->again)
		self.kind->again();
	serve_say(CONTROL_CONNECTED, self.params.generation);
}

static void say_state(void)
{
	if (self.broken)
		control_send(&self.line, CONTROL_BROKEN, (uint64_t)self.broken_errno, self.broken);
	else if (self.serving)
		connected_say();
}

void serve_break(const char *why)
{
	if (self.broken)
		return;
	self.broken = why;
	say_state();
}

static void control_message(const struct control_msg *msg)
{
	switch (msg->type) {
	case CONTROL_HELLO_PLEASE:
		say_state();
		break;
	case CONTROL_DRAIN:
		self.draining = true;
		self.kind->drain();
		serve_wake_queues();
		break;
	default:
		self.kind->message(msg);
		break;
	}
}

static void control_read(void)
{
	struct control_msg msg;

	while (self.line.fd >= 0 && control_receive(&self.line, &msg))
		control_message(&msg);
}

static void control_connect(void)
{
	if (control_accept(&self.line))
		return;
	watch(0, self.line.fd, WAKE_CONTROL, EPOLLIN);
	say_state();
}

/* --- what queues tell the main thread ---------------------------------------------------------- */

static void halted_say(void)
{
	for (uint32_t q = 0; q < self.params.queues && !self.broken; q++) {
		struct queue_life *life = self.kind->life(q);

		if (life_state(life) != QUEUE_HALTED)
			continue;
		log_error("queue %u is halted: %s", q, life->halted_by);
		serve_break(life->halted_by);
	}
}

/* The last word: control may start a successor when this process is gone. */
static bool drained_say(void)
{
	for (uint32_t q = 0; q < self.params.queues; q++) {
		if (life_state(self.kind->life(q)) != QUEUE_DRAINED)
			return false;
	}
	if (self.kind->drained)
		self.kind->drained();
	serve_say(CONTROL_DRAINED, 0);
	return true;
}

/* --- loops ------------------------------------------------------------------------------------- */

static void dispatch(uint32_t q, uint64_t wake)
{
	switch (wake) {
	case WAKE_SELF:
		counter_read(self.kind->life(q)->wake);
		break;
	case WAKE_LISTEN:
		control_connect();
		break;
	case WAKE_CONTROL:
		control_read();
		break;
	case WAKE_MAIN:
		counter_read(self.main_wake);
		break;
	default:
		self.kind->heard(q, (uint32_t)(wake - WAKE_KIND));
		break;
	}
}

/* Sleeps at most that long, then lets everything that woke us be heard. */
static void sleep_and_dispatch(uint32_t q, int timeout_ms)
{
	struct epoll_event events[8];
	int n = epoll_wait(self.epoll[q], events, 8, timeout_ms);

	stats_add(&self.stats->syscalls, 1);
	if (timeout_ms != 0)
		stats_add(&self.stats->wakeups, 1);
	for (int i = 0; i < n; i++)
		dispatch(q, events[i].data.u64);
}

static void queue_watch(uint32_t q)
{
	watch(q, self.kind->life(q)->wake, WAKE_SELF, EPOLLIN);
	self.kind->watch(q);
}

/* A queue other than the first: ends when it is drained. */
static void *queue_thread(void *arg)
{
	const uint32_t q = (uint32_t)(uintptr_t)arg;	/* an index in the place of a pointer */
	int timeout;

	pthread_barrier_wait(&self.gate);
	pthread_barrier_wait(&self.gate);
	for (;;) {
		timeout = self.kind->work(q);
		if (life_state(self.kind->life(q)) == QUEUE_DRAINED)
			return NULL;
		sleep_and_dispatch(q, timeout);
	}
}

static void main_loop(void)
{
	int timeout;

	for (;;) {
		timeout = self.kind->work(0);
		self.kind->look();
		halted_say();
		if (drained_say())
			return;
		sleep_and_dispatch(0, timeout);
	}
}

/* --- start ------------------------------------------------------------------------------------- */

/* The threads of queues 1 and up; they wait at the gate until the rings are attached. */
static const char *threads_start(int *err)
{
	pthread_attr_t attr;

	pthread_barrier_init(&self.gate, NULL, self.params.queues);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES);
	for (uint32_t q = 0; q < self.params.queues && *err == 0; q++) {
		if (q) {
			self.epoll[q] = epoll_create1(EPOLL_CLOEXEC);
			*err = self.epoll[q] < 0 ? -errno : -pthread_create(&self.thread[q], &attr,
					queue_thread, (void *)(uintptr_t)q);	/* see queue_thread() */
		}
		queue_watch(q);
	}
	pthread_attr_destroy(&attr);
	return *err ? "cannot start a queue's thread" : NULL;
}

/* Everything before the first request. No guest byte is read before attach(). NULL, or what went wrong. */
static const char *start(int *err)
{
	const char *wrong = self.kind->open(err);

	if (wrong)
		return wrong;
	*err = sandbox_drop(self.params.uid, self.params.gid);
	if (*err)
		return "cannot give up privileges";
	if (self.kind->unprivileged)
		wrong = self.kind->unprivileged(err);
	if (!wrong)
		wrong = threads_start(err);
	if (wrong)
		return wrong;
	/* A starting thread makes system calls that the sandbox does not allow: let all start first. */
	pthread_barrier_wait(&self.gate);
	*err = self.kind->seal();
	if (*err)
		return "cannot close the sandbox";
	wrong = self.kind->attach();
	if (wrong)
		return wrong;
	pthread_barrier_wait(&self.gate);
	return NULL;
}

/* The connection cannot be made: control hears why, and ends us. */
static void wait_for_drain(void)
{
	while (!self.draining) {
		struct epoll_event events[4];
		int n = epoll_wait(self.epoll[0], events, 4, -1);

		for (int i = 0; i < n; i++)
			dispatch(0, events[i].data.u64);
	}
	serve_say(CONTROL_DRAINED, 0);
}

/*
 * Control connects after it has written down our number. One that died in between does not know of us,
 * and the next one starts another process for the same rings: so nothing is touched before it is there.
 */
static bool control_came(void)
{
	struct epoll_event events[4];
	int n = 1;

	while (self.line.fd < 0 && n > 0) {
		do {
			n = epoll_wait(self.epoll[0], events, 4, CONTROL_WAIT_MSEC);
		} while (n < 0 && errno == EINTR);
		for (int i = 0; i < n; i++)
			dispatch(0, events[i].data.u64);
	}
	return self.line.fd >= 0;
}

static int params_open(void)
{
	const struct serve_kind *kind = self.kind;
	int err = params_read(WORKER_FD_PARAMS, &self.params);
	const char *wrong = err ? strerror(-err) : params_check(&self.params, kind->kind);

	if (wrong) {
		fprintf(stderr, "%s: cannot use the parameters on descriptor %d: %s; "
				"this program is started by xenbackd\n", kind->program, WORKER_FD_PARAMS, wrong);
		return -1;
	}
	log_name("%s %u/%u", kind->device, self.params.domid, self.params.devid);
	self.stats = stats_map(WORKER_FD_STATS, kind->kind, self.params.domid, self.params.devid);
	self.main_wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	self.epoll[0] = epoll_create1(EPOLL_CLOEXEC);
	if (!self.stats || self.main_wake < 0 || self.epoll[0] < 0) {
		log_error("cannot map the figures page or make descriptors: %s", strerror(errno));
		return -1;
	}
	log_share(&self.stats->log);
	return 0;
}

static void run(void)
{
	static char sentence[128];
	int err = 0;
	const char *wrong = start(&err);

	if (wrong) {
		snprintf(sentence, sizeof(sentence), "%s%s%s", wrong, err ? ": " : "",
				err ? strerror(-err) : "");
		log_error("%s", sentence);
		self.broken_errno = -err;
		serve_break(sentence);
		wait_for_drain();
		return;
	}
	self.serving = true;
	say_state();
	main_loop();
	for (uint32_t q = 1; q < self.params.queues; q++)
		pthread_join(self.thread[q], NULL);
}

int serve(const struct serve_kind *kind)
{
	self.kind = kind;
	self.line = (struct control_line) { .listen_fd = WORKER_FD_SOCK, .fd = -1 };
	signal(SIGPIPE, SIG_IGN);
	sandbox_close_from(WORKER_FD_BACKING + (int)kind->backings);
	if (params_open())
		return 2;
	kind->begin(&self.params, self.stats, self.main_wake);
	watch(0, WORKER_FD_SOCK, WAKE_LISTEN, EPOLLIN);
	watch(0, self.main_wake, WAKE_MAIN, EPOLLIN);
	if (!control_came())
		return EXIT_ORPHAN;
	run();
	return 0;
}
