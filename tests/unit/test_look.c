/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: blkback/look.o */
/* When control is asked for the size of a disk whose guest goes beyond its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "blkback/look.h"

static const uint64_t now = 5000000;

static void nobody_is_asked_without_a_reason(void **state)
{
	struct vbd vbd = { .look_again = false };

	assert_false(look_due(&vbd, now));
	assert_int_equal(look_timeout(&vbd, now, -1), -1);
	assert_int_equal(look_timeout(&vbd, now, 10), 10);
}

static void the_first_question_is_asked_at_once(void **state)
{
	struct vbd vbd = { .look_again = true };

	assert_int_equal(look_timeout(&vbd, now, -1), 0);
	assert_true(look_due(&vbd, now));
	assert_false(look_due(&vbd, now));
	assert_int_equal(look_timeout(&vbd, now, -1), -1);
}

/* The guest asks twice in a moment and then is quiet: the disk grew in between. */
static void a_question_that_comes_too_soon_is_asked_later(void **state)
{
	struct vbd vbd = { .look_again = true };

	assert_true(look_due(&vbd, now));
	vbd.look_again = true;
	assert_false(look_due(&vbd, now + 1000));
	assert_int_equal(look_timeout(&vbd, now + 1000, -1), 999);
	assert_int_equal(look_timeout(&vbd, now + 1001, 2000), 999);
	assert_int_equal(look_timeout(&vbd, now + 1000, 10), 10);
	assert_int_equal(look_timeout(&vbd, now + LOOK_AGAIN_USEC, -1), 0);
	assert_true(look_due(&vbd, now + LOOK_AGAIN_USEC));
	assert_false(look_due(&vbd, now + 2 * LOOK_AGAIN_USEC));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_asked_without_a_reason),
		cmocka_unit_test(the_first_question_is_asked_at_once),
		cmocka_unit_test(a_question_that_comes_too_soon_is_asked_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
