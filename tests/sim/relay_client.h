/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The relay's clients: whole messages in, answers and watch events out, each to whom it belongs. */
#ifndef SIM_RELAY_CLIENT_H
#define SIM_RELAY_CLIENT_H

#include "buffer.h"

#define CLIENTS_MAX 128

/* A client's socket, -1 where there is none. */
int client_fd(int client);

/* Takes over an accepted socket. */
void client_new(int fd);

/* Reads from a client; whole messages go to `out`, rewritten. Its end ends its watches and transactions. */
void client_read(int client, struct buffer *out);

/* Whole messages of xenstored in `in` go to their clients; what must be said back goes to `out`. */
void clients_answer(struct buffer *in, struct buffer *out);

#endif
