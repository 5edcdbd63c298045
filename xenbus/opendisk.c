/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opens one disk for control, measures it, hands it over and ends: opendisk PATH, with a line to control as
 * descriptor 3. Whatever of this hangs, hangs here. Trusts control.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "xenbus/opening.h"

static struct opening_order order;

/* Returns whether there was one of this version. */
static bool order_receive(void)
{
	if (recv(OPENING_FD, &order, sizeof(order), 0) != (ssize_t)sizeof(order) || order.version != OPENING_VERSION)
		return false;
	order.request.path = order.path;
	order.request.file = order.file;
	return true;
}

static bool answer_send(struct opening_answer *answer, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} control = { .head = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec part = { answer, sizeof(*answer) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
	}
	return sendmsg(OPENING_FD, &msg, MSG_NOSIGNAL) == (ssize_t)sizeof(*answer);
}

/* The order of a control that has been killed is still in the line. */
static bool control_has_gone(void)
{
	struct pollfd line = { .fd = OPENING_FD };

	return poll(&line, 1, 0) == 1 && line.revents & POLLHUP;
}

int main(void)
{
	struct opening_answer answer = { .version = OPENING_VERSION };
	int fd;

	/* The next control starts another. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (control_has_gone())
		return EXIT_FAILURE;
	if (!order_receive()) {
		fprintf(stderr, "opendisk: no order of this version on descriptor %d; this program is started by "
				"xenbackd, which has to be restarted after an upgrade\n", OPENING_FD);
		return 2;
	}
	fd = disk_open(&order.request, &answer.disk, answer.why, sizeof(answer.why));
	answer.error = fd < 0 ? fd : 0;
	return answer_send(&answer, fd) ? EXIT_SUCCESS : EXIT_FAILURE;
}
