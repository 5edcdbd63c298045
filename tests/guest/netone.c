/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's network interface by hand: connects a vif, puts exactly the slots of its command line
 * onto the transmit ring, prints how each was answered, closes. For tests that need one exact lie.
 * What comes from the other side is thrown away.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/netdev.h"

#define WAIT_MS 1000

static struct netif_tx_request slots[NETQUEUE_SLOTS];
static uint32_t slot_count;

static unsigned long number(char **rest, const char *what)
{
	char *word = strsep(rest, ":"), *end;
	unsigned long value;

	if (!word || !*word)
		netdev_die("%s is missing", what);
	value = strtoul(word, &end, 0);
	if (*end)
		netdev_die("%s: `%s' is no number", what, word);
	return value;
}

static struct netif_tx_request *slot_new(void)
{
	if (slot_count == NETQUEUE_SLOTS)
		netdev_die("no more than %u slots at once", NETQUEUE_SLOTS);
	memset(&slots[slot_count], 0, sizeof(slots[0]));
	return &slots[slot_count++];
}

/* A page below 256 is one of ours; any other number is used as a grant reference as it is. */
static void do_slot(char *rest)
{
	struct netif_tx_request *slot = slot_new();

	slot->gref = (uint32_t)number(&rest, "the page");
	if (slot->gref < NETQUEUE_SLOTS)
		slot->gref = netdev.queue[0].tx_page[slot->gref].gref;
	slot->offset = (uint16_t)number(&rest, "the offset");
	slot->size = (uint16_t)number(&rest, "the size");
	slot->flags = (uint16_t)number(&rest, "the flags");
	slot->id = (uint16_t)(slot_count - 1);
}

static void do_extra(char *rest)
{
	struct netif_extra_info extra = { 0 };

	extra.type = (uint8_t)number(&rest, "the type");
	extra.flags = (uint8_t)number(&rest, "the flags");
	if (rest) {
		extra.u.gso.size = (uint16_t)number(&rest, "the segment size");
		extra.u.gso.type = (uint8_t)number(&rest, "the segment type");
	}
	memcpy(slot_new(), &extra, sizeof(extra));
}

static void do_group(char *rest)
{
	struct netif_extra_info extra = { 0 };

	extra.type = (uint8_t)number(&rest, "the type");
	for (int i = 0; i < 6; i++)
		extra.u.mcast.addr[i] = (uint8_t)number(&rest, "a byte of the group");
	memcpy(slot_new(), &extra, sizeof(extra));
}

/* The page's bytes, from its beginning. */
static void do_fill(char *rest)
{
	uint8_t *page = netdev.queue[0].tx_page[number(&rest, "the page") % NETQUEUE_SLOTS].at;
	unsigned int byte;

	for (int i = 0; rest && sscanf(rest + 2 * i, "%2x", &byte) == 1; i++)
		page[i] = (uint8_t)byte;
}

static bool answered(uint32_t from)
{
	return netdev.queue[0].tx.sring->rsp_prod - from >= slot_count;
}

/* Shows the slots; waits for all answers. Repeated as often as asked. */
static void do_send(char *rest)
{
	unsigned long times = rest ? number(&rest, "how often") : 1;
	const struct timespec nap = { 0, 200000 };
	struct netqueue *queue = &netdev.queue[0];
	uint32_t from = 0;

	for (unsigned long i = 0; i < times; i++) {
		from = queue->tx.rsp_cons;
		netqueue_send_raw(queue, slots, slot_count);
		for (int waited = 0; !answered(from) && waited < WAIT_MS * 5; waited++)
			nanosleep(&nap, NULL);
		queue->tx.rsp_cons = queue->tx.sring->rsp_prod;
	}
	printf("%u of %u answered:", queue->tx.rsp_cons - from, slot_count);
	for (uint32_t i = from; i != queue->tx.rsp_cons; i++)
		printf(" %d", RING_GET_RESPONSE(&queue->tx, i)->status);
	putchar('\n');
	slot_count = 0;
}

/* An index that cannot be: so many requests as never fit. */
static void do_jump(char *rest)
{
	const char *ring = strsep(&rest, ":");
	uint32_t by = (uint32_t)number(&rest, "how far");

	if (strcmp(ring, "tx") == 0)
		netdev.queue[0].tx.sring->req_prod += by;
	else if (strcmp(ring, "rx") == 0)
		netdev.queue[0].rx.sring->req_prod += by;
	else if (strcmp(ring, "ctrl") == 0 && netdev.ctrl.events)
		netdev.ctrl.ring.sring->req_prod += by;
	else
		netdev_die("%s: no such ring", ring);
	xenevtchn_notify(netdev.queue[0].events, netdev.queue[0].port[0]);
	if (netdev.ctrl.events)
		xenevtchn_notify(netdev.ctrl.events, netdev.ctrl.port);
	printf("jump: done\n");
}

static void do_ask(char *rest)
{
	uint16_t type = (uint16_t)number(&rest, "the type");
	uint32_t a = (uint32_t)number(&rest, "data 0");
	uint32_t b = (uint32_t)number(&rest, "data 1");
	uint32_t c = (uint32_t)number(&rest, "data 2");
	uint32_t data = 0;
	int status = netctrl_ask(&netdev.ctrl, type, a == UINT32_MAX ? netdev.ctrl.data.gref : a, b, c,
			&data);

	printf("control: status %d data %u\n", status, data);
}

/* Useless events: how many were sent. */
static void do_kick(char *rest)
{
	unsigned long times = number(&rest, "how often");

	for (unsigned long i = 0; i < times; i++)
		xenevtchn_notify(netdev.queue[0].events, netdev.queue[0].port[0]);
	printf("kick: done\n");
}

/* Waits until the backend is in that state. */
static void do_state(char *rest)
{
	uint32_t state = (uint32_t)number(&rest, "the state");

	if (guestbus_wait(&netdev.bus, GUESTBUS_STATE(state)) < 0)
		netdev_die("%s", netdev.bus.error);
	printf("state: %u\n", state);
}

static void do_sleep(char *rest)
{
	poll(NULL, 0, (int)number(&rest, "milliseconds"));
}

/* Until that file is there, a minute at most. */
static void do_until(char *rest)
{
	for (int i = 0; i < 6000 && access(rest, F_OK); i++)
		poll(NULL, 0, 10);
}

static const struct {
	const char *name;
	void (*run)(char *rest);
} operations[] = {
	{ "slot", do_slot }, { "extra", do_extra }, { "group", do_group }, { "fill", do_fill },
	{ "send", do_send }, { "jump", do_jump }, { "ask", do_ask }, { "kick", do_kick },
	{ "state", do_state }, { "sleep", do_sleep },
	{ "until", do_until },
};

static const char usage[] = "netone [OPTION=VALUE...] OPERATION...\n"
	"  slot:PAGE:OFFSET:SIZE:FLAGS  extra:TYPE:FLAGS[:SIZE:GSOTYPE]  group:TYPE:B:B:B:B:B:B\n"
	"  send[:TIMES]  puts what came before onto the ring, prints the answers\n"
	"  fill:PAGE:HEX  jump:tx|rx|ctrl:BY  ask:TYPE:A:B:C (A 0xffffffff: a page of ours)\n"
	"  kick:TIMES  state:N (waits for it)  sleep:MS  until:FILE (is there)";

static void operation_run(char *text)
{
	char *rest = text, *name = strsep(&rest, ":");

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (strcmp(name, operations[i].name))
			continue;
		operations[i].run(rest);
		fflush(stdout);
		return;
	}
	netdev_die("%s: no such operation", name);
}

int main(int argc, char **argv)
{
	int i = 1;

	if (argc == 1)
		netdev_usage(usage);
	for (; i < argc && strchr(argv[i], '='); i++)
		netdev_option(argv[i]);
	netdev_open();
	netdev_connect();
	for (; i < argc; i++)
		operation_run(argv[i]);
	netdev_disconnect();
	return 0;
}
