/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: xenbus/config.o xenbus/parse.o */
/* libs: -linih */
/*
 * The configuration file: which section wins, and one sentence for each mistake.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "xenbus/config.h"

static char path[] = "/tmp/xenback-config-XXXXXX";
static char why[512];

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static struct config *config_of(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	return config_read(path, true, why, sizeof(why));
}

static struct settings settings_of(const char *text, const char *guest, const char *vdev)
{
	struct config *config = config_of(text);
	struct settings settings;

	assert_string_equal(why, "");
	assert_non_null(config);
	settings = config_settings(config, guest, vdev);
	config_free(config);
	return settings;
}

/* Reads a file that is wrong: the sentence has to start with file:LINE and hold the value. */
static void mistake(unsigned int line, const char *part, const char *text)
{
	char start[64];

	snprintf(start, sizeof(start), "%s:%u: ", path, line);
	assert_null(config_of(text));
	assert_memory_equal(why, start, strlen(start));
	if (!strstr(why, part))
		fail_msg("`%s' does not name `%s'", why, part);
}

static void an_empty_file_means_the_defaults(void **state)
{
	struct settings settings = settings_of("", "web1", "xvda");

	(void)state;
	assert_int_equal(settings.persistent, 1);
	assert_int_equal(settings.ring_order, 4);
	assert_int_equal(settings.indirect, 256);
	assert_int_equal(settings.pool_kib, 4096);
	assert_int_equal(settings.aio_depth, 128);
	assert_string_equal(settings.engine, "aio");
}

static void the_nearest_section_wins(void **state)
{
	static const char text[] =
		"[guest web1 xvda]\nqueues = 1\n"	/* the order in the file does not matter */
		"[default]\nqueues = 4\ngrants = copy\nring-order = 2\n"
		"[guest web1]\nqueues = 2\nring-order = 0\n";
	struct settings disk = settings_of(text, "web1", "xvda");
	struct settings other_disk = settings_of(text, "web1", "xvdb");
	struct settings other_guest = settings_of(text, "db", "xvda");

	(void)state;
	assert_int_equal(disk.queues, 1);
	assert_int_equal(disk.ring_order, 0);
	assert_int_equal(disk.persistent, 0);
	assert_int_equal(other_disk.queues, 2);
	assert_int_equal(other_guest.queues, 4);
	assert_int_equal(other_guest.ring_order, 2);
}

/* libinih itself would cut the section's name off after 49 bytes. */
static void a_long_name_is_a_name(void **state)
{
	static const char name[] = "a-guest-whose-name-is-made-of-its-project-its-role-and-its-uuid-00000000-0000-4000";
	char text[256], other[128], longest[256];

	(void)state;
	snprintf(longest, sizeof(longest), "%s%s", name, name);
	snprintf(text, sizeof(text), "[guest %s xvda]\nqueues = 2\n[guest %s]\nring-order = 1\n", name, name);
	assert_int_equal(settings_of(text, name, "xvda").queues, 2);
	assert_int_equal(settings_of(text, name, "xvdb").queues, 0);
	assert_int_equal(settings_of(text, name, "xvdb").ring_order, 1);
	snprintf(other, sizeof(other), "%.43s", name);
	assert_int_equal(settings_of(text, other, "xvda").ring_order, 4);
	snprintf(text, sizeof(text), "[guest %s%s]\nqueues = 2\n", name, name);
	mistake(1, "longer than 126 bytes", text);
	snprintf(text, sizeof(text), "[guest %.126s]\nqueues = 2\n", longest);
	snprintf(other, sizeof(other), "%.126s", longest);
	assert_int_equal(settings_of(text, other, "xvda").queues, 2);
	snprintf(text, sizeof(text), "[guest %.127s]\nqueues = 2\n", longest);
	mistake(1, "longer than 126 bytes", text);
}

static void a_guest_without_a_name_has_the_defaults(void **state)
{
	struct settings settings = settings_of("[default]\nqueues = 3\n", "", "xvda");

	(void)state;
	assert_int_equal(settings.queues, 3);
}

static void every_setting_is_taken(void **state)
{
	struct settings settings = settings_of("[default]\n grants = copy\n\tqueues=8\n"
			"# comment\n; comment\n\nindirect = 11 ; words\npool = 64\naio-depth = 1024\n"
			"buffered = yes\nsector = 4096\nengine = fault:delay=1:aio\n", "g", "xvda");

	(void)state;
	assert_int_equal(settings.queues, 8);
	assert_int_equal(settings.indirect, 11);
	assert_int_equal(settings.pool_kib, 64);
	assert_int_equal(settings.aio_depth, 1024);
	assert_int_equal(settings.buffered, 1);
	assert_int_equal(settings.sector, 4096);
	assert_string_equal(settings.engine, "fault:delay=1:aio");
}

/* The example file down to the line that starts with `end`, its settings no longer commented out. */
static struct settings example(const char *end)
{
	char line[256], text[8192] = "";
	FILE *file = fopen("xenbus/etc/xenback.conf", "r");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) && (!end || strncmp(line, end, strlen(end)))) {
		const char *start = strncmp(line, "# ", 2) == 0 && (strchr(line, '[') == line + 2 ||
				strstr(line, " = ")) ? line + 2 : line;

		assert_true(strlen(text) + strlen(start) < sizeof(text));
		strcat(text, start);
	}
	fclose(file);
	return settings_of(text, "web1", "xvdb");
}

static void the_example_shows_the_defaults_and_has_no_mistake(void **state)
{
	struct settings defaults = settings_of("", "", ""), shown;

	(void)state;
	shown = example("# These have no default");
	assert_memory_equal(&shown, &defaults, sizeof(shown));
	shown = example(NULL);
	assert_int_equal(shown.queues, 1);
	assert_int_equal(shown.buffered, 1);
	assert_int_equal(shown.memory_mib, 64);
}

static void a_byte_order_mark_is_no_part_of_the_text(void **state)
{
	(void)state;
	assert_int_equal(settings_of("\xEF\xBB\xBF[default]\nqueues = 3\n", "", "").queues, 3);
	assert_int_equal(settings_of("\xEF\xBB\xBF# x\n[default]\nqueues = 3\n", "", "").queues, 3);
	mistake(2, "queues", "[default]\n\xEF\xBB\xBFqueues = 3\n");
}

static void a_range_of_uids_is_taken(void **state)
{
	struct config *config = config_of("[default]\nuid-range = 70000-71023\n");
	uint32_t first, last;

	(void)state;
	assert_non_null(config);
	config_uids(config, &first, &last);
	assert_int_equal(first, 70000);
	assert_int_equal(last, 71023);
	config_free(config);
}

static void each_mistake_is_named_with_its_line_and_value(void **state)
{
	(void)state;
	mistake(2, "`many'", "[default]\nqueues = many\n");
	mistake(2, "`9'", "[default]\nqueues = 9\n");
	mistake(2, "`0'", "[default]\nqueues = 0\n");
	mistake(4, "`perhaps'", "# x\n\n[default]\ngrants = perhaps\n");
	mistake(2, "`10'", "[default]\nindirect = 10\n");
	mistake(2, "`65'", "[default]\npool = 65\n");
	mistake(2, "`1024'", "[default]\nsector = 1024\n");
	mistake(2, "`15'", "[default]\nmemory-max = 15\n");
	mistake(2, "`10001'", "[default]\ncpu-weight = 10001\n");
	mistake(2, "`0'", "[default]\nio-weight = 0\n");
	mistake(2, "`tape'", "[default]\nengine = tape\n");
	mistake(2, "`fault:delay=1'", "[default]\nengine = fault:delay=1\n");
	mistake(2, "`fault:delay:aio'", "[default]\nengine = fault:delay:aio\n");
	mistake(2, "`fault:slow=1:aio'", "[default]\nengine = fault:slow=1:aio\n");
	mistake(2, "`fault:delay=1,:aio'", "[default]\nengine = fault:delay=1,:aio\n");
	mistake(2, "`fault:error=2:tape'", "[default]\nengine = fault:error=2:tape\n");
	mistake(2, "`fault:error=2:aio:x'", "[default]\nengine = fault:error=2:aio:x\n");
	mistake(2, "`colour'", "[default]\ncolour = red\n");
	mistake(2, "`1-2'", "[default]\nuid-range = 1-2\n");
	mistake(2, "uid-range", "[guest a]\nuid-range = 70000-80000\n");
	mistake(1, "[gast a]", "[gast a]\nqueues = 1\n");
	mistake(1, "[guest]", "[guest]\nqueues = 1\n");
	mistake(1, "[guest a b c]", "[guest a b c]\nqueues = 1\n");
	mistake(1, "`queues'", "queues\n");
	mistake(2, "`[guest a'", "[default]\n[guest a\nqueues = 1\n");
	mistake(2, "[deflaut]", "[default]\n[deflaut]\n[guest a]\nqueues = 9\n");
	mistake(1, "`queues' stands before the first section", "queues = 1\n");
	mistake(1, "`queues' stands before the first section", "\xEF\xBB\xBFqueues = 1\n");
}

static void a_device_that_is_mistyped_is_refused(void **state)
{
	(void)state;
	assert_int_equal(settings_of("[guest a 51712]\nqueues = 2\n", "a", "51712").queues, 2);
	assert_int_equal(settings_of("[guest a d0p0]\nqueues = 2\n", "a", "d0p0").queues, 2);
	mistake(2, "`[guest web1 vf0]'", "#\n[guest web1 vf0]\nanti-spoof = yes\n");
	mistake(1, "`[guest web1 eth0]'", "[guest web1 eth0]\n");
	mistake(1, "`[guest web1 xvd", "[guest web1 xvdaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n");
	mistake(1, "`[guest web1 xvda", "[guest web1 xvdaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n");
}

static void a_device_has_the_settings_of_its_kind(void **state)
{
	static const char any[] = "queues = 2\nmemory-max = 64\ncpu-weight = 1\nio-weight = 1\n";
	char text[256];

	(void)state;
	snprintf(text, sizeof(text), "[guest a vif0]\n%santi-spoof = yes\nstall = 9\n", any);
	assert_int_equal(settings_of(text, "a", "vif0").anti_spoof, 1);
	snprintf(text, sizeof(text), "[guest a xvda]\n%sbuffered = yes\nengine = null\n", any);
	assert_int_equal(settings_of(text, "a", "xvda").buffered, 1);
	assert_int_equal(settings_of("[guest a]\nbuffered = yes\nstall = 9\n", "a", "vif0").stall_msec, 9);
	mistake(2, "buffered belongs into the section of a disk", "[guest a vif0]\nbuffered = yes\n");
	mistake(2, "engine belongs into the section of a disk", "[guest a vif0]\nengine = null\n");
	mistake(2, "anti-spoof belongs into the section of an interface", "[guest a xvda]\nanti-spoof = yes\n");
	mistake(2, "51712", "[guest a 51712]\nreceive-limit = 1\n");
}

static void a_setting_stands_once_in_a_section(void **state)
{
	(void)state;
	mistake(3, "queues is set again in the same section, to `3'", "[default]\nqueues = 2\nqueues = 3\n");
	mistake(3, "uid-range is set again", "[default]\nuid-range = 70000-80000\nuid-range = 70000-80000\n");
	mistake(5, "`copy'", "[guest a]\ngrants = copy\n[guest b]\n[guest a]\ngrants = copy\n");
	assert_int_equal(settings_of("[guest a]\nqueues = 1\n[guest b]\nqueues = 2\n", "b", "").queues, 2);
}

static void the_first_mistake_is_the_one_that_is_named(void **state)
{
	(void)state;
	mistake(2, "`x'", "[default]\nqueues = x\nring-order = y\n");
}

/* Of `bytes` bytes; it ends without a newline. */
static char *long_line(const char *start, size_t bytes, const char *rest)
{
	char *text = malloc(bytes + strlen(rest) + 1);

	memset(text, 0xff, bytes);
	memcpy(text, start, strlen(start));
	strcpy(text + bytes, rest);
	return text;
}

/* How many mistakes config_check() says. */
static unsigned int mistakes(const char *text, char said[512])
{
	FILE *file = fopen(path, "w"), *to = fmemopen(said, 512, "w");
	unsigned int lines = 0;

	fputs(text, file);
	fclose(file);
	config_check(path, true, to);
	fclose(to);
	for (const char *at = said; (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
}

static void a_line_that_is_too_long_is_one_mistake_and_one_line(void **state)
{
	static const size_t bytes[] = { 191, 198, 199, 200, 201, 400, 2000000 };
	static const char *const starts[] = { "# ", "engine = ", "[guest ", "" };
	char said[512], *text;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]) * 4; i++) {
		text = long_line(starts[i % 4], bytes[i / 4], "");
		assert_int_equal(mistakes(text, said), 1);
		assert_non_null(strstr(said, ":1: the line is longer than 190 bytes"));
		free(text);
		text = long_line(starts[i % 4], bytes[i / 4], "\n[default]\nqueues = 9\n");
		assert_int_equal(mistakes(text, said), 2);
		assert_non_null(strstr(said, ":3: queues"));
		free(text);
	}
	text = long_line("# ", CONFIG_LINE_MAX, "\n[default]\nqueues = 2\n");
	assert_int_equal(settings_of(text, "", "").queues, 2);
	free(text);
}

static void settings_of_a_section_that_is_too_long_are_nobodys(void **state)
{
	char said[512], *text = long_line("[default]\nqueues = 1\n [guest ", 400, "]\nqueues = 2\nqueues = 9\n");

	(void)state;
	assert_int_equal(mistakes(text, said), 1);
	free(text);
}

static void more_sections_than_the_limit_are_refused(void **state)
{
	char *text = calloc(SECTIONS_MAX + 9, 64), said[512];

	(void)state;
	for (int i = 0; i < SECTIONS_MAX + 9; i++)
		sprintf(text + strlen(text), "[guest g%d]\nqueues = 1\n", i);
	mistake(2 * SECTIONS_MAX + 1, "512", text);
	assert_int_equal(mistakes(text, said), 1);
	free(text);
}

static void a_missing_file_is_a_mistake_only_where_it_was_asked_for(void **state)
{
	struct config *config = config_read("/nonexistent/conf", false, why, sizeof(why));

	(void)state;
	assert_non_null(config);
	config_free(config);
	assert_null(config_read("/nonexistent/conf", true, why, sizeof(why)));
	assert_non_null(strstr(why, "/nonexistent/conf"));
	assert_null(config_read("/tmp", true, why, sizeof(why)));
	assert_non_null(strstr(why, "directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_means_the_defaults),
		cmocka_unit_test(the_nearest_section_wins),
		cmocka_unit_test(a_long_name_is_a_name),
		cmocka_unit_test(a_guest_without_a_name_has_the_defaults),
		cmocka_unit_test(every_setting_is_taken),
		cmocka_unit_test(the_example_shows_the_defaults_and_has_no_mistake),
		cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_text),
		cmocka_unit_test(a_range_of_uids_is_taken),
		cmocka_unit_test(each_mistake_is_named_with_its_line_and_value),
		cmocka_unit_test(a_device_that_is_mistyped_is_refused),
		cmocka_unit_test(a_device_has_the_settings_of_its_kind),
		cmocka_unit_test(a_setting_stands_once_in_a_section),
		cmocka_unit_test(the_first_mistake_is_the_one_that_is_named),
		cmocka_unit_test(a_line_that_is_too_long_is_one_mistake_and_one_line),
		cmocka_unit_test(settings_of_a_section_that_is_too_long_are_nobodys),
		cmocka_unit_test(more_sections_than_the_limit_are_refused),
		cmocka_unit_test(a_missing_file_is_a_mistake_only_where_it_was_asked_for),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
