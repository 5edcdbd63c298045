/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstored, and libxenstore's calls to it. Holds control to: no key of a frontend's read but those that the
 * protocols know, each once in a transaction; no write outside of a transaction, outside of our own
 * directories, or into one that is gone.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <xenstore.h>
#include <xenstore_lib.h>

#include "tests/fuzz/bus/bus.h"

#define NODES_MAX 192u
#define WATCHES_MAX 32u
#define EVENTS_MAX 256u
#define INLINE_MAX 128u

struct node {
	char path[BUS_PATH_MAX];
	uint32_t length;	/* of the path: most are told apart by it */
	uint32_t bytes;
	bool hidden, read, written;
	char value[INLINE_MAX];
};

struct tree {
	uint32_t count;
	struct node node[NODES_MAX];
};

struct pair {	/* a watch, or an event of one */
	char path[BUS_PATH_MAX], token[40];
};

struct failure bus_failure;
uint32_t bus_disturbed;

static struct tree live, snapshot;
static xs_transaction_t transaction;	/* 0: none is open */
static struct pair watch[WATCHES_MAX], event[EVENTS_MAX];
static uint32_t watches, events, dead_domains;
static struct {
	void *(*run)(void *arg);
	void *arg;
	jmp_buf idle;
} drain;

bool fails(struct failure *failure)
{
	if (failure->left == 0)
		return false;
	if (failure->after) {
		failure->after--;
		return false;
	}
	failure->left--;
	errno = failure->err;
	return true;
}

static bool below(const char *path, const char *dir)
{
	const size_t length = strlen(dir);

	return strncmp(path, dir, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static struct node *find(struct tree *tree, const char *path)
{
	const uint32_t length = (uint32_t)strlen(path);

	for (uint32_t i = 0; i < tree->count; i++)
		if (tree->node[i].length == length && strcmp(tree->node[i].path, path) == 0)
			return &tree->node[i];
	return NULL;
}

static void join(char path[BUS_PATH_MAX], const char *dir, const char *key)
{
	HOLDS((uint32_t)snprintf(path, BUS_PATH_MAX, "%s/%s", dir, key) < BUS_PATH_MAX);
}

/* --- watches ----------------------------------------------------------------------------------- */

static void event_add(const struct pair *to, const char *path)
{
	if (events == EVENTS_MAX)
		bus_deliver();
	snprintf(event[events].path, BUS_PATH_MAX, "%s", path);
	snprintf(event[events++].token, sizeof(event[0].token), "%s", to->token);
}

static void fire(const char *path)
{
	for (uint32_t i = 0; i < watches; i++)
		if (below(path, watch[i].path))
			event_add(&watch[i], path);
}

/* Also those who watch what was below it are told. */
static void fire_removed(const char *dir)
{
	for (uint32_t i = 0; i < watches; i++)
		if (below(watch[i].path, dir))
			event_add(&watch[i], watch[i].path);
	fire(dir);
}

static struct pair *watch_find(const char *path, const char *token)
{
	for (uint32_t i = 0; i < watches; i++)
		if (strcmp(watch[i].path, path) == 0 && strcmp(watch[i].token, token) == 0)
			return &watch[i];
	return NULL;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	if (fails(&bus_failure))
		return false;
	if (watch_find(path, token)) {
		errno = EEXIST;
		return false;
	}
	HOLDS(watches < WATCHES_MAX);
	snprintf(watch[watches].path, BUS_PATH_MAX, "%s", path);
	snprintf(watch[watches].token, sizeof(watch[0].token), "%s", token);
	event_add(&watch[watches++], path);
	return true;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	struct pair *found = watch_find(path, token);

	if (fails(&bus_failure) || !found)
		return false;
	*found = watch[--watches];
	return true;
}

uint32_t bus_watches(void)
{
	return watches;
}

/* The thread that waits here is woken by nobody: bus_deliver() runs it until it would sleep. */
char **xs_read_watch(struct xs_handle *h, unsigned int *num)
{
	const size_t vector = 2 * sizeof(char *);
	char **words;

	if (events == 0)
		longjmp(drain.idle, 1);
	words = malloc(vector + sizeof(struct pair));
	memcpy((char *)words + vector, &event[0], sizeof(struct pair));
	memmove(&event[0], &event[1], --events * sizeof(struct pair));
	words[XS_WATCH_PATH] = (char *)words + vector;
	words[XS_WATCH_TOKEN] = words[XS_WATCH_PATH] + BUS_PATH_MAX;
	*num = 2;
	return words;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	drain.run = run;
	drain.arg = arg;
	return 0;
}

void bus_deliver(void)
{
	if (setjmp(drain.idle) == 0)
		drain.run(drain.arg);
}

/* --- reading ----------------------------------------------------------------------------------- */

/* What the frontends of xen/io/blkif.h and netif.h tell their backends. */
static bool protocol_key(const char *key)
{
	static const char *const keys[] = {
		"state", "protocol", "ring-page-order", "multi-queue-num-queues", "event-channel", "event-channel-tx",
		"event-channel-rx", "event-channel-ctrl", "feature-persistent", "tx-ring-ref", "rx-ring-ref",
		"ctrl-ring-ref", "request-rx-copy", "request-multicast-control", "xdp-headroom", "feature-sg",
		"feature-gso-tcpv4", "feature-gso-tcpv6", "feature-ipv6-csum-offload", "feature-no-csum-offload",
		"feature-rx-notify",
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return strncmp(key, "ring-ref", 8) == 0;
}

static bool may_read(const char *path)
{
	const char *key = strrchr(path, '/');

	if (key && !strstr(path, "/device/") && (strcmp(key, "/vm") == 0 || strcmp(key, "/target") == 0))
		return true;	/* the toolstack's: whose the domain is */
	if (!key || below(path, "/local/domain/0/backend") || strcmp(key, "/name") == 0)
		return true;
	return strstr(path, "/device/v") && protocol_key(key + 1);
}

static struct node *look(xs_transaction_t t, const char *path)
{
	struct node *node = find(t ? &snapshot : &live, path);

	HOLDS(t == transaction || t == XBT_NULL);
	HOLDS(may_read(path));
	if (fails(&bus_failure))
		return NULL;
	errno = !node ? ENOENT : EACCES;
	if (!node || node->hidden)
		return NULL;
	HOLDS(!t || !strstr(path, "/device/") || !node->read);
	node->read = true;
	return node;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *len)
{
	const struct node *node = look(t, path);
	char *copy;

	if (!node)
		return NULL;
	copy = malloc(node->bytes + 1);
	for (uint32_t i = 0; i < node->bytes; i++)
		copy[i] = node->value[i % INLINE_MAX];
	copy[node->bytes] = 0;
	*len = node->bytes;
	return copy;
}

struct names {
	char *name[NODES_MAX];
	char text[NODES_MAX][BUS_PATH_MAX];
};

static void name_add(struct names *names, uint32_t *count, const char *rest)
{
	const size_t length = strcspn(rest, "/");

	for (uint32_t i = 0; i < *count; i++)
		if (strlen(names->name[i]) == length && strncmp(names->name[i], rest, length) == 0)
			return;
	names->name[*count] = names->text[*count];
	snprintf(names->text[*count], BUS_PATH_MAX, "%.*s", (int)length, rest);
	*count += 1;
}

char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path, unsigned int *num)
{
	struct names *names;

	*num = 0;
	if (fails(&bus_failure))
		return NULL;
	names = malloc(sizeof(*names));
	for (uint32_t i = 0; i < live.count; i++)
		if (below(live.node[i].path, path) && live.node[i].path[strlen(path)])
			name_add(names, num, live.node[i].path + strlen(path) + 1);
	if (*num)
		return names->name;	/* the block's beginning: who lists frees it */
	free(names);
	errno = ENOENT;
	return NULL;
}

bool xs_is_domain_introduced(struct xs_handle *h, unsigned int domid)
{
	if (fails(&bus_failure))
		return false;
	errno = 0;
	return !(dead_domains >> domid % 32 & 1);
}

/* --- writing ----------------------------------------------------------------------------------- */

static struct node *node_put(struct tree *tree, const char *path, const char *value, uint32_t bytes)
{
	struct node *node = find(tree, path);

	HOLDS(strlen(path) < BUS_PATH_MAX);
	if (!node && tree->count == NODES_MAX)
		return NULL;
	if (!node)
		node = &tree->node[tree->count++];
	memset(node, 0, sizeof(*node));
	snprintf(node->path, BUS_PATH_MAX, "%s", path);
	node->length = (uint32_t)strlen(path);
	memcpy(node->value, value, bytes < INLINE_MAX ? bytes : INLINE_MAX);
	node->bytes = bytes;
	return node;
}

static void cut(struct tree *tree, const char *dir)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < tree->count; i++)
		if (!below(tree->node[i].path, dir))
			tree->node[kept++] = tree->node[i];
	tree->count = kept;
}

/* Only into a device's directory that is there, or what tells of its error. */
static bool may_write(const char *path)
{
	const char *key = strrchr(path, '/');
	char state[BUS_PATH_MAX];

	if (below(path, "/local/domain/0/error/backend"))
		return true;
	snprintf(state, sizeof(state), "%.*s/state", (int)(key - path), path);
	return below(path, "/local/domain/0/backend") && find(&snapshot, state);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path, const void *data, unsigned int len)
{
	struct node *node;

	HOLDS(t && t == transaction && may_write(path) && len < BUS_VALUE_MAX);
	if (fails(&bus_failure))
		return false;
	node = node_put(&snapshot, path, data, len);
	errno = ENOSPC;
	if (node)
		node->written = true;
	return node != NULL;
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	HOLDS(t && t == transaction && below(path, "/local/domain/0/error/backend"));
	if (fails(&bus_failure))
		return false;
	cut(&snapshot, path);
	return true;
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	HOLDS(transaction == XBT_NULL);
	if (fails(&bus_failure))
		return XBT_NULL;
	snapshot.count = live.count;
	memcpy(snapshot.node, live.node, live.count * sizeof(live.node[0]));
	for (uint32_t i = 0; i < snapshot.count; i++)
		snapshot.node[i].read = snapshot.node[i].written = false;
	return transaction = 7;
}

static void commit(void)
{
	live.count = snapshot.count;
	memcpy(live.node, snapshot.node, snapshot.count * sizeof(live.node[0]));
	for (uint32_t i = 0; i < live.count; i++) {
		char text[16];

		if (!live.node[i].written)
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)(live.node[i].bytes < 15 ? live.node[i].bytes : 15),
				live.node[i].value);
		control_writes(live.node[i].path, text);
		fire(live.node[i].path);
	}
}

bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abandon)
{
	HOLDS(t && t == transaction);
	transaction = XBT_NULL;
	if (abandon)
		return true;
	if (fails(&bus_failure))
		return false;
	if (bus_disturbed) {
		bus_disturbed--;
		somebody_disturbs();
		errno = EAGAIN;
		return false;
	}
	commit();
	return true;
}

struct xs_handle *xs_open(unsigned long flags)
{
	static char handle;

	/* Never looked into. */
	return fails(&bus_failure) ? NULL : (struct xs_handle *)&handle;
}

void xs_close(struct xs_handle *h)
{
}

const char *xs_daemon_socket(void)
{
	return "/run/xenstored/socket";
}

/* --- the others' hands ------------------------------------------------------------------------- */

void bus_reset(void)
{
	live.count = watches = events = dead_domains = bus_disturbed = 0;
	bus_failure = (struct failure) { 0 };
}

void bus_write(const char *dir, const char *key, const char *value, uint32_t bytes)
{
	char path[BUS_PATH_MAX];

	join(path, dir, key);
	if (node_put(&live, path, value, bytes))
		fire(path);
}

void bus_text(const char *dir, const char *key, const char *text)
{
	bus_write(dir, key, text, (uint32_t)strlen(text));
}

void bus_number(const char *dir, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	bus_text(dir, key, text);
}

void bus_hide(const char *dir, const char *key)
{
	char path[BUS_PATH_MAX];
	struct node *node;

	join(path, dir, key);
	node = find(&live, path);
	if (node)
		node->hidden ^= true;
}

void bus_remove(const char *dir)
{
	cut(&live, dir);
	fire_removed(dir);
}

const char *bus_find(const char *dir, const char *key)
{
	static char text[INLINE_MAX];
	char path[BUS_PATH_MAX];
	const struct node *node;

	join(path, dir, key);
	node = find(&live, path);
	if (!node || node->hidden || node->bytes >= INLINE_MAX || memchr(node->value, 0, node->bytes))
		return NULL;
	memcpy(text, node->value, node->bytes);
	text[node->bytes] = 0;
	return text;
}

void bus_forget_watches(void)
{
	watches = events = 0;
}

void bus_domain_dies(uint32_t domid)
{
	dead_domains |= 1u << domid % 32;
	fire("@releaseDomain");
}
