/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an administrator asks a running control for: a socket in the run directory, one request
 * line per record, answered by records of text and a last one that starts with "ok" or "error".
 */
#ifndef XENBUS_COMMAND_H
#define XENBUS_COMMAND_H

#include "xenbus/fleet.h"

#define COMMAND_SOCKET "control"
#define COMMAND_MAX 512		/* bytes of a record */
#define CLIENTS_MAX 4		/* at once; more wait in the socket's backlog */

/*
 * Makes the socket, 0600: RUN/control, or RUN/vbd-7-51712.control of a control with a list of one.
 * 0 or -errno.
 */
int command_open(struct fleet *fleet);
void command_close(struct fleet *fleet);

/* Somebody connects, or may be waiting since there was no descriptor; client `slot` has sent something. */
void command_connect(struct fleet *fleet);
void command_client(struct fleet *fleet, uint32_t slot);

/* Puts a new process in the place of every worker. Returns how many. */
unsigned int command_upgrade(struct fleet *fleet);

#endif
