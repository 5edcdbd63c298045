/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process around the queues of one device, the same for every kind of device: it reads its
 * parameters, opens the device, gives up its privileges, starts a thread for each queue but the
 * first, closes the sandbox, and serves until control says DRAIN. The main thread serves queue 0 and
 * control's socket. It never ends because of anything the frontend does.
 */
#ifndef RING_SERVE_H
#define RING_SERVE_H

#include <stdint.h>

#include "ring/control.h"
#include "ring/life.h"
#include "ring/stats.h"

/* What a kind of device brings. `q` is a queue's index; each queue is used by one thread only. */
struct serve_kind {
	const char *program;		/* "blkback", for who starts it by hand */
	const char *device;		/* "vbd", for the log */
	enum device_kind kind;
	uint32_t backings;		/* descriptors from WORKER_FD_BACKING on */

	/* Parameters and figures are there, nothing else. Both live as long as the process. */
	void (*begin)(const struct device_params *params, struct stats *stats, int main_wake);
	/* Everything that needs privilege. NULL, or a sentence with *err: -errno, 0: as in CONTROL_BROKEN. */
	const char *(*open)(int *err);
	/* What a process without privileges can still do before the sandbox closes; as open(). NULL: nothing. */
	const char *(*unprivileged)(int *err);
	/* Closes the sandbox. 0 or -errno. */
	int (*seal)(void);
	/*
	 * The first look at what the guest and a predecessor have left, behind the sandbox, while no queue's
	 * thread runs. NULL, or a sentence: the frontend's fault.
	 */
	const char *(*attach)(void);

	struct queue_life *(*life)(uint32_t q);
	void (*watch)(uint32_t q);	/* calls serve_watch() for the queue's descriptors */
	void (*heard)(uint32_t q, uint32_t what);
	int (*work)(uint32_t q);	/* returns how long to sleep at most: -1 for ever, 0 not at all, ms */

	void (*message)(const struct control_msg *msg);	/* of control, but HELLO_PLEASE and DRAIN */
	void (*drain)(void);		/* begin nothing new, in any queue */
	void (*drained)(void);		/* every queue is: the last thing we do; may be NULL */
	void (*look)(void);		/* main thread, after its work: what else there is to say */
	void (*again)(void);		/* control asks how it stands: says what look() has said; may be NULL */
};

/*
 * Serves. Returns the process's exit status: 0 drained, 2 wrong parameters, 3 no control came (the rings
 * have not been touched).
 */
int serve(const struct serve_kind *kind);

/* For kind->watch(): kind->heard(q, what) is called when fd is readable; once per change if `edge`. */
void serve_watch(uint32_t q, int fd, uint32_t what, bool edge);

/* Main thread: all other queues are to look at their device. */
void serve_wake_queues(void);

/* Main thread: tells control, if one is there. */
void serve_say(enum control_type type, uint64_t value);

/* Main thread: the connection is broken; control hears the sentence, now and when it asks again. */
void serve_break(const char *why);

#endif
