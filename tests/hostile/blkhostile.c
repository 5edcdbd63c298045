/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile guest's disk, by script: connects a vbd as an honest guest does and then does what the
 * words of its command line say, to the ring, the grants, the event channel and xenstore. Ends with
 * status 1 and a sentence where the backend broke the protocol.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/hostile/blkhostile.h"

#define CLOSE_MS 5000

static struct hostile hostile = { .model = -1, .next_id = 0x8000000000000001ull };

void fail(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "blkhostile: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

uint64_t number(const char *text, uint64_t most)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || *text < '0' || *text > '9' || *end || value > most)
		fail("`%s' is no number up to %llu", text, (unsigned long long)most);
	return value;
}

uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- pages ------------------------------------------------------------------------------------- */

static void page_make(struct page *page, bool writable)
{
	if (pages_share(&hostile.pages, page, 1, writable))
		fail("no page can be granted: %s", strerror(errno));
}

struct page *page_named(struct hostile *h, const char *name)
{
	struct page *page;

	if (!strcmp(name, "ring"))
		return &h->queue->ring_page[0];
	if (*name != 'p')
		fail("%s: pN or ring", name);
	page = &h->page[number(name + 1, HOSTILE_PAGES - 1)];
	if (!page->at)
		page_make(page, true);
	return page;
}

/* grant:pN:KIND; a page that had another grant gets a new one. */
static void do_grant(const struct word *word)
{
	struct page *page = page_named(&hostile, word->part[1]);
	const char *kind = word->part[2];

	pages_unshare(&hostile.pages, page, 1);
	if (!strcmp(kind, "revoked")) {
		/* Its number is known, its memory ours no more: nobody may look there. */
		static uint8_t nothing[BLKABI_PAGE_BYTES];

		page->at = nothing;
		return;
	}
	if (!strcmp(kind, "other")) {
		struct pages other;

		if (pages_open(&other, (uint32_t)number(word->part[3], 32767)) ||
				pages_share(&other, page, 1, true))
			fail("no page can be granted to domain %s", word->part[3]);
		return;	/* lives as long as we */
	}
	page_make(page, strcmp(kind, "read-only"));
}

static void do_fill(const struct word *word)
{
	memset(page_named(&hostile, word->part[1])->at, (int)number(word->part[2], 255), BLKABI_PAGE_BYTES);
}

/* check:pN:BYTE[:FROM:BYTES] */
static void do_check(const struct word *word)
{
	const uint8_t *at = page_named(&hostile, word->part[1])->at;
	uint8_t want = (uint8_t)number(word->part[2], 255);
	uint64_t from = *word->part[3] ? number(word->part[3], BLKABI_PAGE_BYTES) : 0;
	uint64_t bytes = *word->part[4] ? number(word->part[4], BLKABI_PAGE_BYTES - from) :
		BLKABI_PAGE_BYTES - from;

	for (uint64_t i = from; i < from + bytes; i++)
		if (at[i] != want)
			fail("byte %llu of page %s is %#x, not %#x", (unsigned long long)i, word->part[1],
					at[i], want);
}

/* --- ring and event channel -------------------------------------------------------------------- */

/* index:req_prod|req_event|rsp_prod|rsp_event:VALUE|+N; +N counts from our own req_prod. */
static void do_index(const struct word *word)
{
	static const char *const names[] = { "req_prod", "req_event", "rsp_prod", "rsp_event" };
	volatile uint32_t *index = (volatile uint32_t *)hostile.queue->ring.memory; /* the ring's header */
	const char *value = word->part[2];
	uint32_t i = 0;

	while (strcmp(names[i], word->part[1]))
		if (++i == 4)
			fail("index: no %s", word->part[1]);
	index[i] = *value == '+' ? hostile.queue->ring.req_prod + (uint32_t)number(value + 1, UINT32_MAX) :
		(uint32_t)number(value, UINT32_MAX);
}

/* poke:OFFSET:BYTE[:COUNT] into the ring's pages. */
static void do_poke(const struct word *word)
{
	uint64_t most = (uint64_t)BLKABI_PAGE_BYTES << hostile.queue->config.order;
	uint64_t at = number(word->part[1], most - 1);

	memset(hostile.queue->ring.memory + at, (int)number(word->part[2], 255),
			*word->part[3] ? number(word->part[3], most - at) : 1);
}

static void do_kick(const struct word *word)
{
	uint64_t count = *word->part[1] ? number(word->part[1], UINT32_MAX) : 1;

	while (count--)
		xenevtchn_notify(hostile.queue->events, hostile.queue->port);
}

/* storm:MS of kicks, as fast as it can. */
static void do_storm(const struct word *word)
{
	uint64_t until = now_ms() + number(word->part[1], 3600000), kicks = 0;

	for (; now_ms() < until; kicks += 100)
		for (int i = 0; i < 100; i++)
			xenevtchn_notify(hostile.queue->events, hostile.queue->port);
	printf("storm: %llu kicks\n", (unsigned long long)kicks);
}

static void do_push(const struct word *word)
{
	show(&hostile, true);
}

static void do_show(const struct word *word)
{
	show(&hostile, false);
}

static void do_reap(const struct word *word)
{
	reap(&hostile, *word->part[1] ? (int)number(word->part[1], 3600000) : CLOSE_MS);
}

static void do_ask(const struct word *word)
{
	ask(&hostile, word);
}

static void do_flip(const struct word *word)
{
	flip(&hostile, word);
}

static void do_queue(const struct word *word)
{
	hostile.queue = &hostile.frontend->queue[number(word->part[1], hostile.frontend->queues - 1)];
}

/* The port is closed under the backend. */
static void do_unbind(const struct word *word)
{
	if (xenevtchn_unbind(hostile.queue->events, hostile.queue->port))
		fail("the port cannot be closed");
}

/* --- xenstore ---------------------------------------------------------------------------------- */

static void do_state(const struct word *word)
{
	if (guestbus_switch(&hostile.frontend->bus, (enum xenbus_state)number(word->part[1], 255)))
		fail("%s", hostile.frontend->bus.error);
}

/* states:COUNT: any of 0 to 8 in any order, as fast as xenstored takes them. */
static void do_states(const struct word *word)
{
	uint64_t count = number(word->part[1], UINT32_MAX);

	for (uint32_t seed = 1; count--; seed = seed * 1103515245u + 12345u)
		if (guestbus_switch(&hostile.frontend->bus, (enum xenbus_state)(seed >> 16) % 9))
			fail("%s", hostile.frontend->bus.error);
	forget(&hostile);
}

/* The backend has given us up: 5 or 6. */
static void do_closed(const struct word *word)
{
	hostile.frontend->bus.timeout_ms = CLOSE_MS;
	if (guestbus_wait(&hostile.frontend->bus, GUESTBUS_STATE(XenbusStateClosing) |
			GUESTBUS_STATE(XenbusStateClosed)) < 0)
		fail("the backend does not close");
	forget(&hostile);
	printf("closed: okay\n");
}

static void do_reconnect(const struct word *word)
{
	static const struct { const char *name; enum frontend_return how; } names[] = {
		{ "reopen", FRONTEND_REOPEN }, { "reload", FRONTEND_RELOAD }, { "resume", FRONTEND_RESUME },
	};
	const char *name = *word->part[1] ? word->part[1] : "reload";

	forget(&hostile);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, name))
			continue;
		if (frontend_reconnect(hostile.frontend, names[i].how))
			fail("%s", hostile.frontend->bus.error);
		hostile.queue = &hostile.frontend->queue[0];
		return;
	}
	fail("reconnect: no %s", name);
}

static void do_sleep(const struct word *word)
{
	fflush(stdout);
	poll(NULL, 0, (int)number(word->part[1], 3600000));
}

/* Until that file is there: the test has done what it had to. */
static void do_await(const struct word *word)
{
	int tries = 2000;

	fflush(stdout);
	while (access(word->part[1], F_OK)) {
		if (!tries--)
			fail("%s does not come", word->part[1]);
		poll(NULL, 0, 10);
	}
}

static void do_say(const struct word *word)
{
	printf("%s\n", word->part[1]);
	fflush(stdout);
}

/* Ends as a guest that crashes does: nothing is said to anybody. */
static void do_die(const struct word *word)
{
	fflush(stdout);
	_exit(0);
}

static const struct {
	const char *name;
	void (*run)(const struct word *word);
} operations[] = {
	{ "ask", do_ask }, { "push", do_push }, { "show", do_show }, { "reap", do_reap },
	{ "kick", do_kick }, { "index", do_index }, { "poke", do_poke }, { "flip", do_flip },
	{ "storm", do_storm },
	{ "grant", do_grant }, { "fill", do_fill }, { "check", do_check }, { "queue", do_queue },
	{ "unbind", do_unbind }, { "state", do_state }, { "states", do_states },
	{ "closed", do_closed }, { "reconnect", do_reconnect }, { "sleep", do_sleep }, { "say", do_say }, { "await", do_await },
	{ "die", do_die },
};

static const char usage[] =
	"usage: blkhostile [OPTION=VALUE...] WORD...\n"
	"options: model=FILE gets what the disk is to hold; and those of every frontend:\n" FRONTEND_OPTIONS
	"words:\n"
	"  ask:OP:SECTOR:SEGMENTS[:KEY=VALUE...]   a request; SEGMENTS: GREF[/FIRST-LAST],... where GREF is\n"
	"      pN, pA..B, ring or a number; keys: n=SEGMENTS id=N flag=N sectors=N in=GREF (indirect, the\n"
	"      descriptors there) wire=OP want=okay|error|unsupported|refused|any\n"
	"  show  push (show and kick)  reap[:MS]   every request is answered once, as it wants\n"
	"  index:NAME:VALUE|+N  poke:OFFSET:BYTE[:COUNT]  kick[:COUNT]  storm:MS  unbind  queue:N\n"
	"  flip:OFFSET:BYTES:A:B:MS                that field of every slot, while reads go on\n"
	"  grant:pN:writable|read-only|revoked|other:DOMID   fill:pN:BYTE  check:pN:BYTE[:FROM:BYTES]\n"
	"  state:N  states:COUNT  closed  reconnect[:reopen|reload|resume]  sleep:MS  say:TEXT\n"
	"  await:FILE (until it exists)  die\n"
	"  times:COUNT WORD... done\n";

static void word_run(const char *text)
{
	static char copy[1u << 17];
	struct word word = { 0 };
	char *next = copy;

	snprintf(copy, sizeof(copy), "%s", text);
	while (next && word.count < HOSTILE_WORDS)
		word.part[word.count++] = strsep(&next, ":");
	for (int i = word.count; i < HOSTILE_WORDS; i++)
		word.part[i] = "";
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (strcmp(operations[i].name, word.part[0]))
			continue;
		operations[i].run(&word);
		return;
	}
	fail("%s: no such word", word.part[0]);
}

/* Runs words up to the end or to a `done' of ours; returns where it stopped. */
static char **words_run(char **word)
{
	for (; *word && strcmp(*word, "done"); word++) {
		uint64_t count;
		char **body = word + 1;

		if (strncmp(*word, "times:", 6)) {
			word_run(*word);
			continue;
		}
		for (count = number(*word + 6, UINT32_MAX); count; count--)
			word = words_run(body);
		if (!*word)
			fail("times without done");
	}
	return word;
}

static char **options_parse(char **word, struct frontend_config *config)
{
	char error[160];

	for (; *word && strchr(*word, '=') && !strchr(*word, ':'); word++) {
		char *value = *word, *name = strsep(&value, "=");

		if (!strcmp(name, "model")) {
			hostile.model = open(value, O_WRONLY | O_CLOEXEC);
			if (hostile.model < 0)
				fail("%s: %s", value, strerror(errno));
		} else if (frontend_option(config, name, value, error, sizeof(error))) {
			fail("%s=%s: no such option or value", name, value);
		}
	}
	return word;
}

int main(int argc, char **argv)
{
	struct frontend_config config = frontend_defaults(51712);
	char **word = options_parse(argv + 1, &config);

	if (!*word) {
		fputs(usage, stderr);
		return 2;
	}
	if (frontend_open(&hostile.frontend, &config) || frontend_connect(hostile.frontend))
		fail("%s", hostile.frontend ? hostile.frontend->bus.error : "no memory");
	if (pages_open(&hostile.pages, hostile.frontend->bus.backend_domid))
		fail("no grants");
	hostile.queue = &hostile.frontend->queue[0];
	words_run(word);
	printf("%llu answers, %llu of them refusals\n", (unsigned long long)hostile.answers,
			(unsigned long long)hostile.told);
	if (guestbus_backend_state(&hostile.frontend->bus) == XenbusStateConnected)
		frontend_disconnect(hostile.frontend);
	return 0;
}
