/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's disk by hand: connects a vbd, does the operations of its command line one after the
 * other, prints one line for each, closes. For tests that need one exact request; an answer of the
 * backend's is printed, whatever it is, and only what should never happen is a failure.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/guest/blkone.h"
#include "tests/guest/blksync.h"
#include "tests/guest/frontend.h"

#define BYTES_MOST (64u << 20)
#define SHOWN_BYTES 16

static struct frontend *frontend;
static struct blksync sync_of[FRONTEND_QUEUES_MAX];
static uint32_t queue;		/* that operations use */
static bool connected;

void fail(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "blkone: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

uint64_t number(const char *text)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || *text < '0' || *text > '9' || *end)
		fail("%s is no number", text);
	return value;
}

uint64_t number_of(const struct args *args, int i, uint64_t most)
{
	uint64_t value = number(args->text[i]);

	if (value > most)
		fail("%s is too much", args->text[i]);
	return value;
}

static void queues_init(void)
{
	connected = true;
	hand_forget();
	for (uint32_t i = 0; i < frontend->queues; i++)
		blksync_init(&sync_of[i], &frontend->queue[i]);
}

static const char *status_text(int status)
{
	switch (status) {
	case 0:
		return "okay";
	case -EIO:
		return "error";
	case -EOPNOTSUPP:
		return "not supported";
	default:
		return strerror(-status);
	}
}

void bytes_print(const uint8_t *bytes, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		printf(" %02x", bytes[i]);
}

static void *buffer_new(uint64_t bytes)
{
	void *buffer = calloc(1, bytes ? bytes : 1);

	if (!buffer)
		fail("no memory");
	return buffer;
}

/* Prints the status; a broken ring ends the program. */
static int io(const char *name, uint8_t op, uint8_t flag, uint64_t offset, void *buffer, uint64_t bytes)
{
	int status;

	if (!connected)
		fail("%s: not connected", name);
	if ((offset | bytes) % BLKABI_SECTOR_BYTES)
		fail("%s: offset and bytes are multiples of 512", name);
	status = blksync_io(&sync_of[queue], op, flag, offset, buffer, bytes);
	printf("%s %llu %llu: %s", name, (unsigned long long)offset, (unsigned long long)bytes,
			status_text(status));
	if (status && status != -EIO && status != -EOPNOTSUPP) {
		putchar('\n');
		fail("%s failed", name);
	}
	return status;
}

static void do_info(const struct args *args)
{
	const struct frontend_disk *disk = &frontend->disk;

	printf("bytes=%llu sector=%u physical=%u info=%u queues=%u entries=%u segments=%u flush=%d "
			"barrier=%d discard=%d secure=%d granularity=%u persistent=%d\n",
			(unsigned long long)frontend_bytes(frontend), disk->sector_bytes,
			disk->physical_bytes, disk->info, frontend->queues,
			frontend->queue ? frontend->queue[0].ring.entries : 0, frontend->segments_max,
			disk->flush, disk->barrier, disk->discard, disk->discard_secure,
			disk->discard_granularity, disk->persistent);
}

static void do_read(const struct args *args)
{
	uint64_t bytes = number_of(args, 1, BYTES_MOST);
	uint8_t *buffer = buffer_new(bytes);
	FILE *file;

	if (!io("read", BLKIF_OP_READ, 0, number(args->text[0]), buffer, bytes))
		bytes_print(buffer, bytes < SHOWN_BYTES ? (uint32_t)bytes : SHOWN_BYTES);
	putchar('\n');
	if (args->count > 2) {
		file = fopen(args->text[2], "wb");
		if (!file || fwrite(buffer, 1, bytes, file) != bytes || fclose(file))
			fail("%s cannot be written", args->text[2]);
	}
	free(buffer);
}

/* The third argument: a byte, or @FILE of that many bytes. */
static void write_op(const char *name, uint8_t op, const struct args *args)
{
	uint64_t bytes = number_of(args, 1, BYTES_MOST);
	uint8_t *buffer = buffer_new(bytes);
	FILE *file;

	if (args->text[2][0] == '@') {
		file = fopen(args->text[2] + 1, "rb");
		if (!file || fread(buffer, 1, bytes, file) != bytes)
			fail("%s does not have that many bytes", args->text[2] + 1);
		fclose(file);
	} else {
		memset(buffer, (int)number_of(args, 2, 255), bytes);
	}
	io(name, op, 0, number(args->text[0]), buffer, bytes);
	putchar('\n');
	free(buffer);
}

static void do_write(const struct args *args)
{
	write_op("write", BLKIF_OP_WRITE, args);
}

static void do_barrier(const struct args *args)
{
	write_op("barrier", BLKIF_OP_WRITE_BARRIER, args);
}

static void do_flush(const struct args *args)
{
	io("flush", BLKIF_OP_FLUSH_DISKCACHE, 0, 0, NULL, 0);
	putchar('\n');
}

static void do_discard(const struct args *args)
{
	io("discard", BLKIF_OP_DISCARD, 0, number(args->text[0]), NULL, number(args->text[1]));
	putchar('\n');
}

static void do_secure_discard(const struct args *args)
{
	io("secure-discard", BLKIF_OP_DISCARD, BLKIF_DISCARD_SECURE, number(args->text[0]), NULL,
			number(args->text[1]));
	putchar('\n');
}

static void do_queue(const struct args *args)
{
	queue = (uint32_t)number_of(args, 0, frontend->queues - 1);
}

static void reconnect(const char *name, enum frontend_return how)
{
	int rc = frontend_reconnect(frontend, how);

	connected = !rc;
	if (rc)
		fail("%s", frontend->bus.error);
	queues_init();
	printf("%s: okay\n", name);
}

static struct blkqueue *queue_now(const char *name)
{
	if (!connected)
		fail("%s: not connected", name);
	return &frontend->queue[queue];
}

static void do_raw(const struct args *args)
{
	hand_raw(queue_now("raw"), args);
}

static void do_page(const struct args *args)
{
	hand_page(queue_now("page"), args);
}

static void do_order(const struct args *args)
{
	hand_order(queue_now("order"), args);
}

static void do_reopen(const struct args *args)
{
	reconnect("reopen", FRONTEND_REOPEN);
}

static void do_reload(const struct args *args)
{
	reconnect("reload", FRONTEND_RELOAD);
}

static void do_kexec(const struct args *args)
{
	reconnect("kexec", FRONTEND_KEXEC);
}

static void do_resume(const struct args *args)
{
	reconnect("resume", FRONTEND_RESUME);
}

static void do_close(const struct args *args)
{
	if (frontend_disconnect(frontend))
		fail("%s", frontend->bus.error);
	connected = false;
	printf("close: okay\n");
}

static void do_sleep(const struct args *args)
{
	poll(NULL, 0, (int)number_of(args, 0, 3600000));
}

/* Waits for an event of the backend that no request of ours has asked for. */
static void do_await_event(const struct args *args)
{
	struct blkqueue *q = queue_now("await-event");
	struct pollfd pollfd = { .fd = blkqueue_fd(q), .events = POLLIN };

	while (poll(&pollfd, 1, 0) > 0)
		blkqueue_ready(q);
	printf("await-event: listening\n");
	fflush(stdout);
	if (poll(&pollfd, 1, (int)number_of(args, 0, 3600000)) <= 0)
		fail("await-event: none came");
	printf("await-event: okay\n");
}

/* Follows the backend for that long, or until a condition holds. */
static bool follow(int ms, bool done(uint64_t), uint64_t arg)
{
	struct pollfd pollfd = { .fd = frontend_fd(frontend), .events = POLLIN };

	for (;; ms -= 50) {
		frontend_ready(frontend);
		if (done(arg))
			return true;
		if (ms <= 0)
			return false;
		poll(&pollfd, 1, 50);
	}
}

static bool has_bytes(uint64_t bytes)
{
	return frontend_bytes(frontend) == bytes;
}

static bool has_closed(uint64_t unused)
{
	return frontend_dead(frontend);
}

static void do_wait_bytes(const struct args *args)
{
	if (!follow(frontend->config.timeout_ms, has_bytes, number(args->text[0])))
		fail("the capacity did not become %s", args->text[0]);
	printf("wait-bytes: okay\n");
}

/* Stays connected until the backend closes, or somebody ends this program. */
static void do_stay(const struct args *args)
{
	printf("stay: connected\n");
	fflush(stdout);
	while (!follow(frontend->config.timeout_ms, has_closed, 0))
		continue;
	connected = false;
	printf("stay: the backend closed\n");
}

static const struct operation {
	const char *name;
	int min, max;
	void (*run)(const struct args *args);
} operations[] = {
	{ "info", 0, 0, do_info },
	{ "read", 2, 3, do_read },
	{ "write", 3, 3, do_write },
	{ "barrier", 3, 3, do_barrier },
	{ "flush", 0, 0, do_flush },
	{ "discard", 2, 2, do_discard },
	{ "secure-discard", 2, 2, do_secure_discard },
	{ "queue", 1, 1, do_queue },
	{ "raw", 1, 1, do_raw },
	{ "page", 1, 2, do_page },
	{ "order", 1, 1, do_order },
	{ "reopen", 0, 0, do_reopen },
	{ "reload", 0, 0, do_reload },
	{ "kexec", 0, 0, do_kexec },
	{ "resume", 0, 0, do_resume },
	{ "close", 0, 0, do_close },
	{ "sleep", 1, 1, do_sleep },
	{ "await-event", 1, 1, do_await_event },
	{ "wait-bytes", 1, 1, do_wait_bytes },
	{ "stay", 0, 0, do_stay },
};

static const char usage[] =
	"usage: blkone [OPTION=VALUE...] OPERATION...\n"
	"options:\n" FRONTEND_OPTIONS
	"operations, in bytes; each prints one line:\n"
	"  info   read:OFFSET:BYTES[:FILE]   write:OFFSET:BYTES:BYTE|@FILE   barrier:...as write\n"
	"  flush  discard:OFFSET:BYTES   secure-discard:OFFSET:BYTES   queue:N (for what follows)\n"
	"  raw:HEX           a request slot by hand; gN: the grant of page N (0..f); dots are ignored\n"
	"  page:N[:BYTE]     fills page N, shows it\n"
	"  order:N           N writes, a barrier, N writes, all at once; prints how they ended\n"
	"  reopen reload kexec resume        connects again in that way\n"
	"  wait-bytes:N      waits for that capacity   sleep:MS   stay (until the backend closes)\n"
	"  await-event:MS    waits for an event although nothing is in flight\n"
	"  close             (also done at the end)\n";

static void operation_run(char *text)
{
	struct args args = { 0 };
	char *name = strsep(&text, ":");

	while (text && args.count < ARGS_MAX)
		args.text[args.count++] = strsep(&text, ":");
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		const struct operation *operation = &operations[i];

		if (strcmp(name, operation->name))
			continue;
		if (args.count < operation->min || args.count > operation->max)
			fail("%s: wrong number of arguments", name);
		operation->run(&args);
		fflush(stdout);
		return;
	}
	fail("%s: no such operation", name);
}

/* Options come first; returns the index of the first operation. */
static int options_parse(int argc, char **argv, struct frontend_config *config)
{
	char error[160];
	int i, rc;

	for (i = 1; i < argc && strchr(argv[i], '='); i++) {
		char *value = argv[i], *name = strsep(&value, "=");

		rc = frontend_option(config, name, value, error, sizeof(error));
		if (rc)
			fail(rc == -ENOENT ? "%s: no such option" : "%s", rc == -ENOENT ? name : error);
	}
	return i;
}

int main(int argc, char **argv)
{
	struct frontend_config config = frontend_defaults(51712);
	int i = options_parse(argc, argv, &config);

	if (i == argc) {
		fputs(usage, stderr);
		return 2;
	}
	if (frontend_open(&frontend, &config) || frontend_connect(frontend))
		fail("%s", frontend ? frontend->bus.error : "no memory");
	queues_init();
	for (; i < argc; i++)
		operation_run(argv[i]);
	if (frontend_lies(frontend))
		fail("the backend lied");
	if (connected && !frontend_dead(frontend) && frontend_disconnect(frontend))
		fail("%s", frontend->bus.error);
	frontend_free(frontend);
	return 0;
}
