/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: ring/kicks.o */
/* A frontend that kicks for nothing is heard less and less; one that has work is heard at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ring/kicks.h"

/* Kicks for nothing as fast as they are heard, from now on for that long. Returns how many were. */
static uint32_t storm(struct kicks *kicks, uint64_t *now_usec, uint64_t usec)
{
	const uint64_t end = *now_usec + usec;
	uint32_t heard = 0;

	while (*now_usec < end) {
		kicks_heard(kicks);
		kicks_judge(kicks, false, *now_usec);
		heard++;
		*now_usec = kicks_hold(kicks, *now_usec) ? kicks->until_usec : *now_usec + 1;
	}
	return heard;
}

static void a_storm_is_heard_sixty_times_in_a_second(void **state)
{
	struct kicks kicks = { 0 };
	uint64_t now = 12345;

	assert_in_range(storm(&kicks, &now, 1000000), 62, 150);	/* the first ones are cheap */
	for (int i = 0; i < 10; i++)
		assert_in_range(storm(&kicks, &now, 1000000), 62, 63);
}

static void the_wait_grows_and_has_an_end(void **state)
{
	struct kicks kicks = { 0 };
	uint64_t before = 0, now = 0;

	for (uint32_t i = 1; i <= 20 * KICKS_FREE; i++) {
		kicks_heard(&kicks);
		kicks_judge(&kicks, false, now);
		assert_true(kicks.until_usec - now >= before);
		assert_true(i >= KICKS_FREE || kicks.until_usec == now);
		before = kicks.until_usec - now;
		now = kicks.until_usec;
	}
	assert_int_equal(before, KICKS_HOLD_MAX_USEC);
	kicks.useless = UINT32_MAX;
	kicks_heard(&kicks);
	kicks_judge(&kicks, false, now);
	assert_int_equal(kicks.until_usec - now, KICKS_HOLD_MAX_USEC);
}

static void one_useful_kick_forgives_all(void **state)
{
	struct kicks kicks = { 0 };
	uint64_t now = 0;

	storm(&kicks, &now, 1000000);
	kicks_heard(&kicks);
	kicks_judge(&kicks, false, now);
	assert_true(kicks_hold(&kicks, now));
	kicks_judge(&kicks, true, now);		/* work, found without a kick */
	assert_false(kicks_hold(&kicks, now));
	assert_int_equal(kicks.useless, 0);
}

static void waking_up_for_something_else_is_no_kick(void **state)
{
	struct kicks kicks = { 0 };

	for (int i = 0; i < 1000; i++)
		kicks_judge(&kicks, false, 0);
	assert_int_equal(kicks.useless, 0);
	assert_false(kicks_hold(&kicks, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_storm_is_heard_sixty_times_in_a_second),
		cmocka_unit_test(the_wait_grows_and_has_an_end),
		cmocka_unit_test(one_useful_kick_forgives_all),
		cmocka_unit_test(waking_up_for_something_else_is_no_kick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
