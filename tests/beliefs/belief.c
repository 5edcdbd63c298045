/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the parts of a fact, and what they have in common. Trusts nothing that it believes. */
#include "belief.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define PATIENCE_MS 10000

static struct belief belief;
static bool two_parts;

static void meeting_key(char *path, size_t size, const char *key)
{
	snprintf(path, size, "%s/%s", belief.dir, key);
}

static void end(int status, bool with_errno, const char *fmt, va_list args)
{
	int err = errno;
	char path[128];

	vfprintf(stderr, fmt, args);
	fprintf(stderr, with_errno ? ": %s\n" : "\n", strerror(err));
	if (two_parts && belief.xs) {
		meeting_key(path, sizeof(path), "failed");
		xs_write(belief.xs, XBT_NULL, path, "1", 1);
	}
	exit(status);
}

void believe(bool holds, const char *fmt, ...)
{
	va_list args;

	if (holds)
		return;
	va_start(args, fmt);
	end(1, false, fmt, args);
}

void need(bool possible, const char *fmt, ...)
{
	va_list args;

	if (possible)
		return;
	va_start(args, fmt);
	end(2, true, fmt, args);
}

void sleep_ms(int ms)
{
	poll(NULL, 0, ms);
}

void kill_hard(pid_t child)
{
	kill(child, SIGKILL);
	need(waitpid(child, NULL, 0) == child, "no such child");
}

void say(struct belief *b, const char *key, uint32_t value)
{
	char path[128], text[16];

	meeting_key(path, sizeof(path), key);
	snprintf(text, sizeof(text), "%u", value);
	node_write(b->xs, XBT_NULL, path, text);
}

static char *meeting_read(struct belief *b, const char *key)
{
	char path[128];

	meeting_key(path, sizeof(path), key);
	return xs_read(b->xs, XBT_NULL, path, NULL);
}

uint32_t hear(struct belief *b, const char *key)
{
	uint32_t value;
	char *text;

	for (int waited = 0; waited < PATIENCE_MS; waited += 5) {
		text = meeting_read(b, key);
		if (text) {
			value = (uint32_t)strtoul(text, NULL, 10);
			free(text);
			return value;
		}
		text = meeting_read(b, "failed");
		if (text) {
			fprintf(stderr, "the other part has failed\n");
			exit(2);
		}
		sleep_ms(5);
	}
	fprintf(stderr, "the other part does not say %s\n", key);
	exit(2);
}

static void part_run(void part(struct belief *b), bool meets, bool is_frontend)
{
	belief.xs = xs_open(0);
	need(belief.xs != NULL, "xenstore cannot be reached");
	two_parts = meets;
	if (is_frontend && meets)
		say(&belief, "here", 1);
	else if (meets)
		hear(&belief, "here");
	part(&belief);
	/* The frontend stays, with its pages and ports, until the backend has finished. */
	if (meets && !is_frontend)
		say(&belief, "finished", 1);
	else if (meets)
		hear(&belief, "finished");
	if (is_frontend)
		xs_rm(belief.xs, XBT_NULL, belief.dir);
	xs_close(belief.xs);
	exit(0);
}

static int both_run(void)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		part_run(fact.frontend, true, true);
	if (fork() == 0)
		part_run(fact.backend, true, false);
	for (int parts = 0, worst = 0; parts < 2; parts++) {
		need(wait(&status) > 0, "a part has vanished");
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 2;
		/* 1, it does not hold, says more than 2. */
		if (status && worst != 1)
			worst = status;
		if (parts == 1)
			return worst;
	}
	return 2;
}

static int needs_missing(int argc, char **argv)
{
	if (fact.needs != NEEDS_NOTHING && belief.own == belief.peer) {
		fprintf(stderr, "needs: a guest\n");
		return 77;
	}
	if (fact.needs == NEEDS_DESTROY && (argc < 4 || strcmp(argv[3], "destroy"))) {
		fprintf(stderr, "needs: a guest that is destroyed when this prints `ready`; "
				"say that it will be by `destroy` after the domids\n");
		return 77;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const needs[] = { "nothing", "guest", "destroy" };
	uint32_t frontend;
	int missing;

	if (argc == 2 && strcmp(argv[1], "--needs") == 0)
		return puts(needs[fact.needs]) < 0;
	if (argc < 3) {
		fprintf(stderr, "usage: %s OWN PEER, two domids\n", argv[0]);
		return 2;
	}
	belief.own = (uint32_t)atoi(argv[1]);
	belief.peer = (uint32_t)atoi(argv[2]);
	missing = needs_missing(argc, argv);
	if (missing)
		return missing;
	frontend = belief.own > belief.peer || fact.alone ? belief.own : belief.peer;
	snprintf(belief.dir, sizeof(belief.dir), "/local/domain/%u/data/belief", frontend);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (fact.alone)
		part_run(fact.alone, false, true);
	if (belief.own == belief.peer)
		return both_run();
	if (belief.own > belief.peer)
		part_run(fact.frontend, true, true);
	part_run(fact.backend, true, false);
}
