/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: blkback/engine/engine.o blkback/engine/aio.o blkback/engine/discard.o blkback/engine/null.o blkback/engine/fault.o */
/* libs: -laio */
/* The engines on a real file opened with O_DIRECT. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include <libaio.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "blkback/engine/engine.h"

#define FILE_BYTES (1u << 20)

static int file = -1;
static uint8_t *buffer;		/* 16 pages, aligned */
static struct engine *engine;
static int submit_errno;	/* the next io_submit(2) says so, and does nothing; 0: it does what it is told */

int io_submit(io_context_t context, long n, struct iocb **iocbs)
{
	const int wanted = submit_errno;
	long took;

	submit_errno = 0;
	if (wanted)
		return -wanted;
	took = syscall(SYS_io_submit, context, n, iocbs);
	return took < 0 ? -errno : (int)took;
}

static void open_engine(const char *spec)
{
	const struct engine_config config = {
		.fd = file, .depth = 16, .bytes = FILE_BYTES, .discard = true,
	};

	assert_int_equal(engine_open(&engine, spec, &config), 0);
}

static int file_open(void **state)
{
	char path[] = "/dev/shm/xenback-engines.XXXXXX";
	int fd = mkstemp(path);

	file = open(path, O_RDWR | O_DIRECT);
	unlink(path);
	close(fd);
	buffer = aligned_alloc(4096, 16 * 4096);
	return file < 0 || ftruncate(file, FILE_BYTES);
}

static int file_close(void **state)
{
	if (engine)
		engine->ops->close(engine);
	engine = NULL;
	free(buffer);
	return close(file);
}

static struct io an_io(enum io_op op, uint64_t offset, uint64_t bytes, struct iovec *iov)
{
	*iov = (struct iovec) { buffer, bytes };
	return (struct io) {
		.op = (uint8_t)op, .iovcnt = 1, .iov = iov, .offset = offset, .bytes = bytes,
	};
}

/* Waits for n ended operations, as a worker does: an edge of the descriptor, then reap. */
static void reap(struct io **done, uint32_t n)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	uint32_t got = 0, before = 0;
	int epoll = epoll_create1(0);

	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, engine->ops->fd(engine), &event), 0);
	/* Bounded by the wake-ups in a row that bring nothing. */
	for (int tries = 0; got < n && tries < 50; tries = got > before ? 0 : tries + 1) {
		before = got;
		got += engine->ops->reap(engine, done + got, n - got);
		if (got < n)
			epoll_wait(epoll, &event, 1, 200);
	}
	close(epoll);
	assert_int_equal(got, n);
}

static int do_one(enum io_op op, uint64_t offset, uint64_t bytes)
{
	struct iovec iov;
	struct io io = an_io(op, offset, bytes, &iov), *one = &io, *done;

	assert_int_equal(engine->ops->submit(engine, &one, 1), 1);
	reap(&done, 1);
	assert_ptr_equal(done, &io);
	return io.result;
}

static void what_is_written_is_read(void **state)
{
	open_engine("aio");
	memset(buffer, 0x5a, 8192);
	assert_int_equal(do_one(IO_WRITE, 65536, 8192), 0);
	assert_int_equal(do_one(IO_FLUSH, 0, 0), 0);
	memset(buffer, 0, 8192);
	assert_int_equal(do_one(IO_READ, 65536, 8192), 0);
	assert_int_equal(buffer[8191], 0x5a);
}

static void a_short_read_is_an_error(void **state)
{
	open_engine("aio");
	assert_int_equal(do_one(IO_READ, FILE_BYTES - 4096, 8192), -EIO);
	assert_int_equal(do_one(IO_READ, FILE_BYTES, 4096), -EIO);
}

static void what_the_kernel_refuses_comes_back_with_its_error(void **state)
{
	struct iovec iov = { NULL, 4096 };
	struct io io = { .op = IO_READ, .iovcnt = 1, .iov = &iov, .bytes = 4096 }, *one = &io, *done;

	open_engine("aio");
	close(file);
	assert_int_equal(engine->ops->submit(engine, &one, 1), 1);
	reap(&done, 1);
	assert_int_equal(io.result, -EBADF);
	file = open("/dev/null", O_RDWR);
}

static void what_the_kernel_has_no_room_for_is_tried_again(void **state)
{
	static const int busy[] = { EAGAIN, EINTR, ENOMEM };
	struct iovec iov;
	struct io io = an_io(IO_READ, 0, 4096, &iov), *one = &io, *done;

	open_engine("aio");
	for (int i = 0; i < 3; i++) {
		submit_errno = busy[i];
		assert_int_equal(engine->ops->submit(engine, &one, 1), 0);
		assert_int_equal(engine->ops->reap(engine, &done, 1), 0);
	}
	assert_int_equal(engine->ops->submit(engine, &one, 1), 1);
	reap(&done, 1);
	assert_int_equal(io.result, 0);
}

static void no_more_is_taken_than_the_depth(void **state)
{
	struct iovec iov[40];
	struct io io[40], *list[40], *done[40];
	uint32_t taken;

	open_engine("aio");
	for (int i = 0; i < 40; i++) {
		io[i] = an_io(IO_READ, 0, 4096, &iov[i]);
		list[i] = &io[i];
	}
	taken = engine->ops->submit(engine, list, 40);
	assert_int_equal(taken, 16);
	reap(done, taken);
	assert_true(engine->ops->submit(engine, list + taken, 40 - taken) > 0);
}

/* The kernel's ring for completions, by its name among our mappings. */
static uint32_t *completion_ring(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long at, found = 0;
	char line[512];

	while (maps && fgets(line, sizeof(line), maps)) {
		if (strstr(line, "/[aio]") && sscanf(line, "%lx", &at) == 1)
			found = at;
	}
	if (maps)
		fclose(maps);
	return (uint32_t *)found;
}

/*
 * A kernel whose ring has a feature that we do not know is asked by system call: the number of events, which
 * the kernel keeps for itself and only we would believe, may be wrong then.
 */
static void a_foreign_completion_ring_is_left_alone(void **state)
{
	uint32_t *ring;

	open_engine("aio");
	ring = completion_ring();
	assert_non_null(ring);
	assert_int_equal(do_one(IO_WRITE, 0, 8192), 0);	/* an event that no read below could have */
	ring[1] = 3;	/* nr */
	ring[6] = 1;	/* incompat_features */
	for (int i = 0; i < 20; i++)
		assert_int_equal(do_one(IO_READ, 0, 4096), 0);
	ring[6] = 0;
	ring[5] = 3;	/* compat_features */
	for (int i = 0; i < 20; i++)
		assert_int_equal(do_one(IO_READ, 0, 4096), 0);
}

static void a_discard_makes_a_hole(void **state)
{
	struct stat before, after;

	open_engine("aio");
	memset(buffer, 1, 16 * 4096);
	for (uint64_t at = 0; at < FILE_BYTES; at += 16 * 4096)
		assert_int_equal(do_one(IO_WRITE, at, 16 * 4096), 0);
	fstat(file, &before);
	assert_int_equal(do_one(IO_DISCARD, 4096, FILE_BYTES - 8192), 0);
	fstat(file, &after);
	assert_int_equal(after.st_size, FILE_BYTES);
	assert_int_equal(before.st_blocks - after.st_blocks, (FILE_BYTES - 8192) / 512);
	assert_int_equal(do_one(IO_READ, 4096, 4096), 0);
	assert_int_equal(buffer[0], 0);
	assert_int_equal(do_one(IO_READ, 0, 4096), 0);
	assert_int_equal(buffer[0], 1);
	assert_int_equal(do_one(IO_DISCARD_SECURE, 4096, 4096), -EOPNOTSUPP);
}

/* A read behind many discards is taken in the same call: they have no limit of their own. */
static void discards_hold_up_nobody(void **state)
{
	static struct io discards[40], behind;
	struct io *list[41], *done[41];
	struct iovec iov;

	open_engine("aio");
	for (int i = 0; i < 40; i++) {
		discards[i] = an_io(IO_DISCARD, 0, FILE_BYTES, &iov);
		list[i] = &discards[i];
	}
	behind = an_io(IO_READ, 0, 4096, &iov);
	list[40] = &behind;
	assert_int_equal(engine->ops->submit(engine, list, 41), 41);
	reap(done, 41);
	for (int i = 0; i < 41; i++)
		assert_int_equal(list[i]->result, 0);
}

static void the_null_engine_ends_everything_at_once(void **state)
{
	open_engine("null");
	assert_int_equal(do_one(IO_WRITE, 0, 4096), 0);
	assert_int_equal(do_one(IO_DISCARD, 0, 1ull << 40), 0);
}

static void every_second_operation_fails(void **state)
{
	int failed = 0;

	open_engine("fault:error=2:aio");
	for (int i = 0; i < 10; i++)
		failed += do_one(IO_READ, 0, 4096) == -EIO;
	assert_int_equal(failed, 5);
}

static void an_operation_is_delayed(void **state)
{
	struct timespec begin, end;

	open_engine("fault:delay=50:aio");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(do_one(IO_READ, 0, 4096), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true((end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000 >= 49);
}

static void operations_come_back_in_another_order(void **state)
{
	struct iovec iov[4];
	struct io io[4], *list[4], *done[4];

	open_engine("fault:reorder=4:aio");
	for (int i = 0; i < 4; i++) {
		io[i] = an_io(IO_READ, 0, 4096, &iov[i]);
		list[i] = &io[i];
	}
	assert_int_equal(engine->ops->submit(engine, list, 4), 4);
	reap(done, 4);
	for (int i = 0; i < 4; i++)
		assert_ptr_equal(done[i], &io[3 - i]);
}

static void engines_that_do_not_exist(void **state)
{
	static const char *const wrong[] = { "", "ai", "aioo", "aio:x", "fault", "fault:error=2", "fault:x=1:aio",
		"fault:error=:aio", "fault:error=1:nothing" };
	const struct engine_config config = { .fd = file, .depth = 16, .bytes = FILE_BYTES };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(engine_open(&engine, wrong[i], &config), -EINVAL);
	engine = NULL;
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, file_open, file_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILE(what_is_written_is_read),
		WITH_FILE(a_short_read_is_an_error),
		WITH_FILE(what_the_kernel_refuses_comes_back_with_its_error),
		WITH_FILE(what_the_kernel_has_no_room_for_is_tried_again),
		WITH_FILE(no_more_is_taken_than_the_depth),
		WITH_FILE(a_foreign_completion_ring_is_left_alone),
		WITH_FILE(a_discard_makes_a_hole),
		WITH_FILE(discards_hold_up_nobody),
		WITH_FILE(the_null_engine_ends_everything_at_once),
		WITH_FILE(every_second_operation_fails),
		WITH_FILE(an_operation_is_delayed),
		WITH_FILE(operations_come_back_in_another_order),
		WITH_FILE(engines_that_do_not_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
