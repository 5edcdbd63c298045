/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: ring/control.o ring/stats.o ring/log.o */
/* The line to control, the figures page and the log's budget. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "ring/control.h"
#include "ring/log.h"
#include "ring/stats.h"

static struct device_params good_vbd(void)
{
	struct device_params p = {
		.magic = PARAMS_MAGIC, .version = PARAMS_VERSION, .kind = DEVICE_VBD, .domid = 7,
		.devid = 51712, .queues = 2, .generation = 1,
		.vbd = { .bytes = 1 << 20, .sector_bytes = 512, .pool_bytes = 4 << 20, .aio_depth = 1,
			.engine = "aio" },
	};

	for (int q = 0; q < 2; q++)
		p.queue[q].ring[0] = (struct ring_params) { .port = 3, .pages = 1, .gref = { 8 } };
	return p;
}

#define REFUSED(field, value)                                                                      \
	do {                                                                                       \
		struct device_params bad = good_vbd();                                               \
		bad.field = value;                                                                   \
		assert_non_null(params_check(&bad, DEVICE_VBD));                                     \
	} while (0)

static void parameters_outside_their_limits_are_refused(void **state)
{
	struct device_params p = good_vbd();

	assert_null(params_check(&p, DEVICE_VBD));
	assert_non_null(params_check(&p, DEVICE_VIF));
	REFUSED(magic, 0);
	REFUSED(version, PARAMS_VERSION + 1);
	REFUSED(domid, 0x7ff0);
	REFUSED(generation, 0);
	REFUSED(queues, 0);
	REFUSED(queues, QUEUES_MAX + 1);
	REFUSED(queue[1].ring[0].pages, 0);
	REFUSED(queue[1].ring[0].pages, 3);
	REFUSED(queue[1].ring[0].pages, 32);
	REFUSED(queue[0].ring[0].port, 0);
	REFUSED(vbd.abi, 3);
	REFUSED(vbd.sector_bytes, 0);
	REFUSED(vbd.sector_bytes, 1024);
	REFUSED(vbd.sector_bytes, 8192);
	REFUSED(vbd.bytes, 1000);
	REFUSED(vbd.indirect_max, 257);
	REFUSED(vbd.indirect_max, 1);
	REFUSED(vbd.indirect_max, 10);
	REFUSED(vbd.aio_depth, 0);
	REFUSED(vbd.pool_bytes, 4097);
	REFUSED(vbd.pool_bytes, 128u << 20);
	p = good_vbd();
	memset(p.vbd.engine, 'x', sizeof(p.vbd.engine));
	assert_non_null(params_check(&p, DEVICE_VBD));
}

static void messages_of_another_shape_are_ignored(void **state)
{
	struct control_line line = { .listen_fd = -1 };
	struct control_msg msg = { .version = CONTROL_VERSION + 1, .type = CONTROL_DRAIN };
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	line.fd = pair[0];
	assert_int_equal(control_receive(&line, &msg), 0);
	assert_int_equal(send(pair[1], "short", 5, 0), 5);
	assert_true(send(pair[1], &msg, sizeof(msg), 0) > 0);
	msg.version = CONTROL_VERSION;
	msg.value = 99;
	memset(msg.text, 'x', sizeof(msg.text));
	assert_true(send(pair[1], &msg, sizeof(msg), 0) > 0);
	memset(&msg, 0, sizeof(msg));
	assert_int_equal(control_receive(&line, &msg), 1);
	assert_int_equal(msg.value, 99);
	assert_int_equal(strlen(msg.text), sizeof(msg.text) - 1);
	assert_int_equal(control_send(&line, CONTROL_BROKEN, 5, "why"), 0);
	assert_int_equal(recv(pair[1], &msg, sizeof(msg), 0), sizeof(msg));
	assert_string_equal(msg.text, "why");
	close(pair[1]);
	assert_int_equal(control_receive(&line, &msg), 0);
	assert_int_equal(line.fd, -1);
	assert_int_equal(control_send(&line, CONTROL_BROKEN, 0, NULL), -ENOTCONN);
}

static struct device_params good_vif(void)
{
	struct device_params p = good_vbd();

	p.kind = DEVICE_VIF;
	p.vif = (struct vif_params) { .mtu = 1500 };
	for (int q = 0; q < 2; q++)
		p.queue[q].ring[1] = p.queue[q].ring[0];
	return p;
}

#define VIF_REFUSED(field, value)                                                                  \
	do {                                                                                       \
		struct device_params bad = good_vif();                                             \
		bad.field = value;                                                                 \
		assert_non_null(params_check(&bad, DEVICE_VIF));                                   \
	} while (0)

static void parameters_of_a_vif_have_limits_too(void **state)
{
	struct device_params p = good_vif();

	assert_null(params_check(&p, DEVICE_VIF));
	VIF_REFUSED(queue[1].ring[1].pages, 0);
	VIF_REFUSED(queue[0].ring[1].port, 0);
	VIF_REFUSED(vif.mtu, 67);
	VIF_REFUSED(vif.mtu, 65522);
	VIF_REFUSED(vif.xdp_headroom, 0x8000);
	VIF_REFUSED(vif.addresses, VIF_ADDRESSES_MAX + 1);
	VIF_REFUSED(vif.ctrl.pages, 3);
	VIF_REFUSED(vif.ctrl.pages, 1);		/* without a port */
}

static void parameters_are_read_whole_or_not_at_all(void **state)
{
	struct device_params p = good_vbd(), got;
	int fd = memfd_create("params", 0);

	assert_int_equal(pwrite(fd, &p, sizeof(p) - 1, 0), sizeof(p) - 1);
	assert_int_equal(params_read(fd, &got), -EINVAL);
	assert_int_equal(pwrite(fd, &p, sizeof(p), 0), sizeof(p));
	assert_int_equal(params_read(fd, &got), 0);
	assert_memory_equal(&got, &p, sizeof(p));
	close(fd);
	assert_int_equal(params_read(fd, &got), -EBADF);
}

static void figures_of_another_version_start_at_zero(void **state)
{
	int fd = memfd_create("stats", 0);
	struct stats *stats;

	assert_int_equal(ftruncate(fd, STATS_BYTES), 0);
	stats = stats_map(fd, DEVICE_VBD, 7, 51712);
	stats_operation(stats, STATS_READ, 512, ~0ull);	/* longer than the last bucket says */
	assert_int_equal(stats_percentile(&stats->op[STATS_READ], 1.0), 1u << (STATS_BUCKETS - 1));
	stats->version++;
	assert_null(stats_map_read(fd));
	stats_map(fd, DEVICE_VBD, 7, 51712);
	assert_int_equal(stats->starts, 1);
	assert_int_equal(stats->op[STATS_READ].operations, 0);
	close(fd);
}

static void figures_go_on_where_the_last_worker_stopped(void **state)
{
	int fd = memfd_create("stats", 0);
	const struct stats *seen;
	struct stats *stats;

	assert_null(stats_map_read(fd));	/* one that is being made is no end of its reader */
	assert_int_equal(errno, EPROTO);
	assert_int_equal(ftruncate(fd, STATS_BYTES), 0);
	assert_null(stats_map_read(fd));
	assert_int_equal(errno, EPROTO);
	stats = stats_map(fd, DEVICE_VBD, 7, 51712);
	for (uint64_t usec = 1; usec <= 1000; usec++)
		stats_operation(stats, STATS_READ, 4096, usec);
	stats->in_flight = 9;
	seen = stats_map_read(fd);
	assert_non_null(seen);
	assert_int_equal(seen->op[STATS_READ].bytes, 4096000);
	assert_int_equal(stats_percentile(&seen->op[STATS_READ], 0.5), 512);
	assert_int_equal(stats_percentile(&seen->op[STATS_READ], 0.99), 1024);
	assert_int_equal(stats_percentile(&seen->op[STATS_WRITE], 0.5), 0);
	stats_map(fd, DEVICE_VBD, 7, 51712);
	assert_int_equal(seen->starts, 2);
	assert_int_equal(seen->op[STATS_READ].operations, 1000);
	assert_int_equal(seen->in_flight, 0);
}

static void a_call_site_has_a_budget(void **state)
{
	int out = memfd_create("log", 0), keep = dup(STDERR_FILENO);
	char text[4096] = { 0 };
	unsigned int lines = 0;

	log_name("vbd %u/%u", 7u, 51712u);
	dup2(out, STDERR_FILENO);
	for (int i = 0; i < 10000; i++)
		log_warn("line %d", i);
	log_error("%s", "another site");
	log_debug("too fine for the level");
	dup2(keep, STDERR_FILENO);
	assert_true(pread(out, text, sizeof(text) - 1, 0) > 0);
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, LOG_BURST + 1);
	assert_int_equal(log_suppressed(), 10000 - LOG_BURST);
	assert_non_null(strstr(text, "<4>vbd 7/51712: line 0\n"));
	assert_non_null(strstr(text, "<3>vbd 7/51712: another site\n"));
}

static void a_line_that_is_too_long_is_cut_and_still_a_line(void **state)
{
	int out = memfd_create("log", 0), keep = dup(STDERR_FILENO);
	char text[2048] = { 0 };

	dup2(out, STDERR_FILENO);
	log_error("%01500d", 7);
	dup2(keep, STDERR_FILENO);
	assert_int_equal(pread(out, text, sizeof(text), 0), 511);
	assert_int_equal(text[510], '\n');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_outside_their_limits_are_refused),
		cmocka_unit_test(parameters_of_a_vif_have_limits_too),
		cmocka_unit_test(parameters_are_read_whole_or_not_at_all),
		cmocka_unit_test(figures_of_another_version_start_at_zero),
		cmocka_unit_test(messages_of_another_shape_are_ignored),
		cmocka_unit_test(figures_go_on_where_the_last_worker_stopped),
		cmocka_unit_test(a_call_site_has_a_budget),
		cmocka_unit_test(a_line_that_is_too_long_is_cut_and_still_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
