/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: ring/log.o */
/*
 * Log lines: a reader that stands still holds nobody up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "ring/log.h"

static void a_journal_that_does_not_read_is_not_waited_for(void **state)
{
	int line[2], terminal = dup(STDERR_FILENO);

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, line), 0);
	dup2(line[0], STDERR_FILENO);
	log_never_wait();
	alarm(10);	/* where it waits, this is the end */
	for (unsigned int i = 0; i < 20000; i++) {
		struct log_site site = { 0 };

		log_write(&site, LOG_ERROR, "line %u", i);
	}
	alarm(0);
	dup2(terminal, STDERR_FILENO);
	close(line[0]);
	close(line[1]);
	close(terminal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_journal_that_does_not_read_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
