/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening a disk by a process of its own. Trusts that process, which is ours and of root; not that it ever
 * answers. Promises never to wait for it, and one at a time for each device, whatever its guest does: one that hangs in
 * the kernel and that nobody wants any more is told to end, and collected when it does.
 */
#include "xenbus/opening.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xenbus/spawn.h"

#define PLACES (OPENINGS_HUNG_MAX + DEVICES_MAX)	/* what may hang, and what may have been under way by then */

/* Processes of devices that have gone. */
static struct hung {
	int pidfd;			/* 0: free */
	struct opening_order *order;
} hung[PLACES];

static bool hung_too_many(const char *path)
{
	unsigned int all = 0, here = 0;

	for (unsigned int i = 0; i < PLACES; i++) {
		all += hung[i].pidfd != 0;
		here += hung[i].pidfd && strcmp(hung[i].order->path, path) == 0;
	}
	return all >= OPENINGS_HUNG_MAX || here >= OPENINGS_HUNG_PATH_MAX;
}

/* The entry of that process; 0: a free one. NULL: there is none. */
static struct hung *hung_find(int pidfd)
{
	for (unsigned int i = 0; i < PLACES; i++) {
		if (hung[i].pidfd == pidfd)
			return &hung[i];
	}
	return NULL;
}

static bool same(const struct disk_request *a, const struct disk_request *b)
{
	return strcmp(a->path, b->path) == 0 && strcmp(a->file ? a->file : "", b->file ? b->file : "") == 0 &&
			a->device == b->device && a->rdev == b->rdev && a->writable == b->writable &&
			a->buffered == b->buffered && a->may_be_empty == b->may_be_empty && a->sector == b->sector;
}

static void order_free(struct opening *opening)
{
	free(opening->order);
	opening->order = NULL;
}

/* Of zeros. Returns whether both strings fit. */
static bool order_fill(struct opening_order *order, const struct disk_request *request)
{
	const char *file = request->file ? request->file : "";

	if (strlen(request->path) >= sizeof(order->path) || strlen(file) >= sizeof(order->file))
		return false;
	memcpy(order->path, request->path, strlen(request->path));
	memcpy(order->file, file, strlen(file));
	order->version = OPENING_VERSION;
	order->request = *request;
	order->request.path = order->path;
	order->request.file = order->file;
	return true;
}

/* 0 or -errno; the process is known by its pidfd then, and its end is an event. */
static int process_start(struct opening *opening, struct fleet *fleet, int its_line)
{
	char program[PATH_MAX];
	char *argv[] = { "opendisk", opening->order->path, NULL };	/* the path is for whoever looks at ps */
	pid_t pid;
	int pidfd, r;

	snprintf(program, sizeof(program), "%s/opendisk", fleet->libexec);
	pid = spawn(program, argv, &its_line, 1);
	if (pid < 0)
		return pid;
	pidfd = process_open(pid);
	r = pidfd < 0 ? pidfd : fleet_watch(fleet, pidfd, EVENT_OPENED, (uint32_t)pidfd);
	if (r == 0) {
		opening->pidfd = pidfd;
		return 0;
	}
	process_reap(pid);	/* it has nothing to do yet: it cannot hang */
	if (pidfd >= 0)
		close(pidfd);
	return r;
}

static int begin(struct opening *opening, struct fleet *fleet)
{
	const ssize_t bytes = sizeof(*opening->order);
	int line[2], r;

	if (hung_too_many(opening->order->path))
		return -EBUSY;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line))
		return -errno;
	r = process_start(opening, fleet, line[1]);
	close(line[1]);
	/* The process waits for its order. One that has gone already is an event like any other. */
	if (r == 0 && send(line[0], opening->order, (size_t)bytes, MSG_NOSIGNAL | MSG_DONTWAIT) != bytes)
		process_signal(opening->pidfd, SIGKILL);
	if (r == 0)
		opening->line = line[0];
	else
		close(line[0]);
	return r;
}

/* The answer and the descriptor that came with it, into opening. Returns whether there was one. */
static bool answer_receive(struct opening *opening)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec part = { &opening->answer, sizeof(opening->answer) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
			.msg_controllen = sizeof(control.bytes) };
	ssize_t got = recvmsg(opening->line, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *head = got < 0 ? NULL : CMSG_FIRSTHDR(&msg);

	opening->fd = -1;
	if (got == (ssize_t)sizeof(opening->answer) && msg.msg_flags & MSG_CTRUNC) {
		opening->answer.error = -EMFILE;
		snprintf(opening->answer.why, sizeof(opening->answer.why), "no descriptor is left for the target %.300s",
				opening->order->path);
		return true;
	}
	if (head && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&opening->fd, CMSG_DATA(head), sizeof(int));
	if (got == (ssize_t)sizeof(opening->answer) && opening->answer.version == OPENING_VERSION &&
			(opening->fd >= 0) == (opening->answer.error == 0))
		return true;
	if (opening->fd >= 0)
		close(opening->fd);
	return false;
}

static void answer_take(struct opening *opening, int status)
{
	struct opening_answer *answer = &opening->answer;

	opening->done = true;
	if (answer_receive(opening)) {
		/* What these two mean to our caller, a file system does not. */
		if (answer->error == -EINPROGRESS || answer->error == -EAGAIN)
			answer->error = -EIO;
		return;
	}
	*answer = (struct opening_answer) { .error = -EIO };
	snprintf(answer->why, sizeof(answer->why), "opendisk ended with %s %d and said nothing of %.300s",
			WIFSIGNALED(status) ? "signal" : "status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), opening->order->path);
}

void opening_ended(struct opening *opening)
{
	int status;

	if (opening->pidfd == 0 || !process_ended(opening->pidfd, &status))
		return;
	if (opening->unwanted)
		order_free(opening);
	else
		answer_take(opening, status);
	close(opening->line);	/* with a descriptor that nobody has taken from it */
	close(opening->pidfd);
	opening->pidfd = 0;
	opening->unwanted = false;
}

void opening_cancel(struct opening *opening)
{
	if (opening->done && opening->answer.error == 0)
		close(opening->fd);
	if (opening->done)
		order_free(opening);
	opening->done = false;
	if (opening->pidfd && !opening->unwanted)
		process_signal(opening->pidfd, SIGKILL);
	opening->unwanted = opening->pidfd != 0;
}

void opening_abandon(struct opening *opening)
{
	struct hung *entry = hung_find(0);

	opening_cancel(opening);
	if (opening->pidfd == 0)
		return;
	assert(entry);
	entry->pidfd = opening->pidfd;
	entry->order = opening->order;
	opening->order = NULL;
	close(opening->line);
	opening->pidfd = 0;
	opening->unwanted = false;
}

void opening_forget(int pidfd)
{
	struct hung *entry = hung_find(pidfd);
	int status;

	if (!entry || !process_ended(pidfd, &status))
		return;
	close(pidfd);
	free(entry->order);
	*entry = (struct hung) { 0 };
}

int opening_take(struct opening *opening, struct fleet *fleet, const struct disk_request *request,
		struct disk *disk, char why[OPENING_WHY_MAX])
{
	int r;

	if ((opening->pidfd || opening->done) && !same(&opening->order->request, request))
		opening_cancel(opening);
	if (opening->pidfd)
		return -EINPROGRESS;
	if (opening->done) {
		opening->done = false;
		order_free(opening);
		*disk = opening->answer.disk;
		memcpy(why, opening->answer.why, OPENING_WHY_MAX);
		return opening->answer.error ? opening->answer.error : opening->fd;
	}
	opening->order = calloc(1, sizeof(*opening->order));
	r = opening->order ? 0 : -ENOMEM;
	if (r == 0)
		r = order_fill(opening->order, request) ? begin(opening, fleet) : -ENAMETOOLONG;
	if (r)
		order_free(opening);
	if (r)
		snprintf(why, OPENING_WHY_MAX, "cannot start %.100s/opendisk for the target %.200s", fleet->libexec,
				request->path);
	return r ? r : -EINPROGRESS;
}
