/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration file, read with libinih. Trusts its author (root) to mean well, not to type
 * well: one sentence for a line with a mistake, and nothing is used of a file that has one.
 */
#include "xenbus/config.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenbus/parse.h"

#define NAME_MAX_BYTES 128

enum key_type { KEY_NUMBER, KEY_WORDS, KEY_ENGINE };
enum { ANY, DISK = DEVICE_VBD, VIF = DEVICE_VIF };

struct key {
	uint32_t kind;		/* of the devices that it is for, or ANY */
	const char *name;
	enum key_type type;
	size_t at;		/* offset in struct settings */
	uint32_t min, max, step;
	const char *words;	/* KEY_WORDS: "zero one", the value of each is its place */
};

#define AT(member) offsetof(struct settings, member)

#define NUMBER(kind, name, member, min, max, step) \
	{ kind, name, KEY_NUMBER, AT(member), min, max, step, NULL }
#define WORDS(kind, name, member, words) { kind, name, KEY_WORDS, AT(member), 0, 1, 1, words }

static const struct key keys[] = {
	WORDS(DISK, "grants", persistent, "copy persistent"),
	NUMBER(ANY, "queues", queues, 1, QUEUES_MAX, 1),
	NUMBER(DISK, "ring-order", ring_order, 0, RING_ORDER_MAX, 1),
	NUMBER(DISK, "indirect", indirect, 0, 256, 1),
	NUMBER(DISK, "pool", pool_kib, 64, 65536, 4),
	NUMBER(DISK, "aio-depth", aio_depth, 1, 1024, 1),
	WORDS(DISK, "buffered", buffered, "no yes"),
	NUMBER(DISK, "sector", sector, 512, 4096, 3584),
	{ DISK, "engine", KEY_ENGINE, AT(engine), 0, 0, 0, NULL },
	WORDS(VIF, "checksum-offload", checksum_off, "yes no"),
	WORDS(VIF, "anti-spoof", anti_spoof, "no yes"),
	NUMBER(VIF, "receive-limit", rx_kib, 0, 1u << 30, 1),
	NUMBER(VIF, "drain", drain_msec, 1, 3600000, 1),
	NUMBER(VIF, "stall", stall_msec, 1, 3600000, 1),
	NUMBER(ANY, "memory-max", memory_mib, 16, 65536, 1),
	NUMBER(ANY, "cpu-weight", cpu_weight, 1, 10000, 1),
	NUMBER(ANY, "io-weight", io_weight, 1, 10000, 1),
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

struct section {
	char guest[NAME_MAX_BYTES];	/* "": [default] */
	char vdev[32];			/* "": every device of the guest */
	uint32_t kind;			/* of vdev, or ANY */
	uint32_t set;			/* bit n: keys[n] was given; bit KEYS: uid-range */
	struct settings settings;
};

struct config {
	uint32_t uid_first, uid_last;
	unsigned int sections;
	struct section *section;	/* SECTIONS_MAX of them */
	char *text;			/* of the file, from the heap; NULL: there is none */
	size_t length;
};

/* State of one reading. */
struct reading {
	struct config *config;
	FILE *file;
	const char *path;
	unsigned int line, wrong_line;	/* the present one; the last with a mistake */
	struct section *section;	/* NULL: none yet, or one that is wrong */
	bool lost;		/* in a section that is wrong, or before the first, which has been said */
	bool full;		/* there are more sections than may be, which has been said */
	FILE *all;		/* NULL, or where each mistake is said */
	char *why;		/* "" while nothing is wrong; the first mistake stays */
	size_t room;
};

static const struct settings defaults = {
	.persistent = 1, .queues = 0, .ring_order = RING_ORDER_MAX, .indirect = 256,
	.pool_kib = 4096, .aio_depth = 128, .buffered = 0, .sector = 0, .engine = "aio",
	.drain_msec = 10000, .stall_msec = 60000,	/* as in Linux's backend */
};

__attribute__((format(printf, 2, 3)))
static void complain(struct reading *reading, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (reading->all)
		fprintf(reading->all, "%s\n", text);
	if (!reading->why[0])
		snprintf(reading->why, reading->room, "%s", text);
}

__attribute__((format(printf, 2, 3)))
static int wrong(struct reading *reading, const char *fmt, ...)
{
	char text[384];
	va_list args;

	if (reading->wrong_line == reading->line)
		return 0;
	reading->wrong_line = reading->line;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	complain(reading, "%s:%u: %s", reading->path, reading->line, text);
	return 0;
}

/* --- values ------------------------------------------------------------------------------------ */

static int take_number(struct reading *reading, const struct key *key, const char *value,
		uint32_t *to)
{
	/* The step counts from the minimum where that is not 0, so that "512 or 4096" is a range. */
	if (parse_u32(value, key->min, key->max, to) || (*to - key->min) % key->step)
		return wrong(reading, "%s has to be a number from %u to %u%s, not `%s'", key->name,
				key->min, key->max, key->step == 4 ? ", a multiple of 4" :
				key->step == 3584 ? ", 512 or 4096" : "", value);
	if (key->at == AT(indirect) && *to > 0 && *to < 11)
		return wrong(reading, "indirect has to be 0 or 11 to 256, not `%s'", value);
	return 1;
}

static int take_word(struct reading *reading, const struct key *key, const char *value, uint32_t *to)
{
	const char *second = strchr(key->words, ' ') + 1;
	size_t first = (size_t)(second - key->words) - 1;

	if (strcmp(value, second) == 0)
		*to = 1;
	else if (strlen(value) == first && strncmp(value, key->words, first) == 0)
		*to = 0;
	else
		return wrong(reading, "%s has to be %.*s or %s, not `%s'", key->name, (int)first,
				key->words, second, value);
	return 1;
}

/* "KEY=N[,KEY=N]...:" and the rest behind it; NULL where it is no such thing. */
static const char *fault_keys(const char *spec)
{
	char key[8];
	uint32_t number;
	int length;

	for (;;) {
		if (sscanf(spec, "%7[a-z]=%9u%n", key, &number, &length) != 2 ||
				(strcmp(key, "error") && strcmp(key, "short") &&
				strcmp(key, "delay") && strcmp(key, "reorder")))
			return NULL;
		spec += length;
		if (*spec == ':')
			return spec + 1;
		if (*spec++ != ',')
			return NULL;
	}
}

/* What the worker will take: the grammar of blkback/engine/fault.c and its like. */
static bool engine_known(const char *spec)
{
	while (spec && strncmp(spec, "fault:", 6) == 0)
		spec = fault_keys(spec + 6);
	return spec && (strcmp(spec, "aio") == 0 || strcmp(spec, "null") == 0);
}

static int take_engine(struct reading *reading, const char *value, char to[64])
{
	if (!engine_known(value))
		return wrong(reading, "engine has to be aio, null or fault:KEY=N,...:aio, not `%s'", value);
	if (strlen(value) >= 64)
		return wrong(reading, "engine has to be shorter than 64 bytes: `%s'", value);
	memcpy(to, value, strlen(value) + 1);
	return 1;
}

static bool set_before(struct reading *reading, struct section *section, size_t k, const char *name,
		const char *value)
{
	bool before = section->set & 1u << k;

	if (before)
		wrong(reading, "%s is set again in the same section, to `%s': keep one of the two", name,
				value);
	section->set |= 1u << k;
	return before;
}

static int take_uids(struct reading *reading, struct section *section, const char *value)
{
	struct config *config = reading->config;
	char first[16];
	const char *dash = strchr(value, '-');
	size_t length = dash ? (size_t)(dash - value) : sizeof(first);

	if (section->guest[0])
		return wrong(reading, "uid-range belongs into [default]");
	if (set_before(reading, section, KEYS, "uid-range", value))
		return 0;
	if (length < sizeof(first)) {
		memcpy(first, value, length);
		first[length] = 0;
		if (parse_u32(first, 1, UINT32_MAX - 1, &config->uid_first) == 0 &&
				parse_u32(dash + 1, 1, UINT32_MAX - 1, &config->uid_last) == 0 &&
				config->uid_last >= config->uid_first &&
				config->uid_last - config->uid_first >= DEVICES_MAX - 1)
			return 1;
	}
	return wrong(reading, "uid-range has to be FIRST-LAST with at least %d numbers, not `%s'",
			DEVICES_MAX, value);
}

static int take_value(struct reading *reading, struct section *section, const char *name,
		const char *value)
{
	if (strcmp(name, "uid-range") == 0)
		return take_uids(reading, section, value);
	for (unsigned int k = 0; k < KEYS; k++) {
		char *to = (char *)&section->settings + keys[k].at;

		if (strcmp(name, keys[k].name))
			continue;
		if (keys[k].kind && section->kind && keys[k].kind != section->kind)
			return wrong(reading, "%s belongs into the section of %s or of the guest, not of %s",
					name, keys[k].kind == VIF ? "an interface" : "a disk",
					section->vdev);
		if (set_before(reading, section, k, name, value))
			return 0;
		/* The table's offset says which member `to` is. */
		if (keys[k].type == KEY_NUMBER)
			return take_number(reading, &keys[k], value, (uint32_t *)to);
		if (keys[k].type == KEY_WORDS)
			return take_word(reading, &keys[k], value, (uint32_t *)to);
		return take_engine(reading, value, to);
	}
	return wrong(reading, "there is no setting `%s'", name);
}

/* --- sections ---------------------------------------------------------------------------------- */

/* Splits "guest NAME [VDEV]"; "default" has neither. */
static int section_name(struct reading *reading, const char *title, struct section *section)
{
	char extra;
	int n;

	if (strcmp(title, "default") == 0)
		return 1;
	n = sscanf(title, "guest %127s %31s %c", section->guest, section->vdev, &extra);
	/* A word that fills its place may go on. */
	if (section->guest[NAME_MAX_BYTES - 2])
		return wrong(reading, "the guest's name in `[%s]' is longer than %d bytes", title,
				NAME_MAX_BYTES - 2);
	if (n != 1 && n != 2)
		return wrong(reading, "a section is [default], [guest NAME] or [guest NAME VDEV], "
				"not `[%s]'", title);
	/* Nobody would notice that settings for a name that is mistyped have no effect. */
	if (n == 2 && (section->vdev[sizeof(section->vdev) - 2] ||
			parse_vdev(section->vdev, &section->kind)))
		return wrong(reading, "the device of a section is vif0, vif1 ... or a disk as in the "
				"guest's configuration, such as xvda, sda1 or hda, not as in `[%s]'", title);
	return 1;
}

static struct section *section_of(struct reading *reading, const char *title)
{
	struct config *config = reading->config;
	struct section named = { 0 };

	if (!section_name(reading, title, &named))
		return NULL;
	for (unsigned int i = 0; i < config->sections; i++) {
		struct section *section = &config->section[i];

		if (strcmp(section->guest, named.guest) == 0 &&
				strcmp(section->vdev, named.vdev) == 0)
			return section;
	}
	if (config->sections == SECTIONS_MAX) {
		if (!reading->full)
			wrong(reading, "more than %d sections", SECTIONS_MAX);
		reading->full = true;
		return NULL;
	}
	config->section[config->sections] = named;
	return &config->section[config->sections++];
}

/* A section's line: libinih would tell of it with its first key, and cut it off after 49 bytes. */
static void take_title(struct reading *reading, const char *text)
{
	char title[CONFIG_LINE_MAX];

	reading->section = NULL;
	if (strchr(text, ']')) {
		snprintf(title, sizeof(title), "%.*s", (int)strcspn(text + 1, "]"), text + 1);
		reading->section = section_of(reading, title);
	} else {
		wrong(reading, "the section `%.*s' has no ]", (int)strcspn(text, "\n"), text);
	}
	reading->lost = !reading->section;
}

static int handler(void *user, const char *title, const char *name, const char *value)
{
	struct reading *reading = user;

	(void)title;	/* take_title() had it */
	if (reading->wrong_line == reading->line || reading->lost)
		return 1;
	if (reading->section)
		take_value(reading, reading->section, name, value);
	else
		wrong(reading, "`%s' stands before the first section: write [default] or "
				"[guest NAME] above it", name);
	reading->lost = !reading->section;
	return 1;
}

/* --- reading ----------------------------------------------------------------------------------- */

/* fgets for libinih: counts lines, and hides indentation, which would mean "more of the value". */
static char *next_line(char *text, int room, void *user)
{
	struct reading *reading = user;
	size_t length, blank;

	if (!fgets(text, room, reading->file))
		return NULL;
	reading->line++;
	if (reading->line == 1 && strncmp(text, "\xEF\xBB\xBF", 3) == 0)
		memset(text, ' ', 3);	/* a byte order mark */
	length = strlen(text);
	blank = strspn(text, " \t");
	if (strcspn(text, "\n") > CONFIG_LINE_MAX) {
		wrong(reading, "the line is longer than %d bytes", CONFIG_LINE_MAX);
		for (int last = (unsigned char)text[length - 1]; last != '\n' && last != EOF;)
			last = getc(reading->file);
		reading->lost = reading->lost || text[blank] == '[';
		text[0] = 0;
	} else {
		memmove(text, text + blank, length - blank + 1);
	}
	/* libinih would only say which line: these are all that it refuses. */
	if (text[0] == '[')
		take_title(reading, text);
	else if (!strchr(";#\r\n", text[0]) && !strpbrk(text, "=:"))
		wrong(reading, "`%.*s' is not of the form KEY = VALUE", (int)strcspn(text, "\n"), text);
	return text;
}

static struct config *config_new(void)
{
	struct config *config = calloc(1, sizeof(*config));

	if (!config)
		return NULL;
	config->section = calloc(SECTIONS_MAX, sizeof(*config->section));
	config->uid_first = 2000000000u;
	config->uid_last = 2000032767u;
	return config;
}

/* The whole file, so that what is kept of it is what was read. */
static void text_read(struct reading *reading, bool required)
{
	struct config *config = reading->config;
	FILE *file = fopen(reading->path, "re");
	size_t room = 0;
	ssize_t got;

	if (!file && errno == ENOENT && !required)
		return;
	got = file ? getdelim(&config->text, &room, 0, file) : -1;
	if (!file || ferror(file))
		complain(reading, "cannot read the configuration %s: %s", reading->path, strerror(errno));
	config->length = got < 0 ? 0 : (size_t)got;
	if (config->length && memchr(config->text, 0, config->length))
		complain(reading, "the configuration %s is not a text", reading->path);
	if (file)
		fclose(file);
}

static struct config *take(struct reading *reading, bool required)
{
	struct config *config = reading->config = config_new();

	reading->why[0] = 0;
	if (!config || !config->section) {
		complain(reading, "no memory for the configuration");
		return NULL;
	}
	text_read(reading, required);
	if (config->length) {
		reading->file = fmemopen(config->text, config->length, "r");
		if (!reading->file)
			complain(reading, "no memory for the configuration");
		else
			ini_parse_stream(next_line, reading, handler, reading);
		if (reading->file)
			fclose(reading->file);
	}
	if (!reading->why[0])
		return config;
	config_free(config);
	return NULL;
}

struct config *config_read(const char *path, bool required, char *why, size_t room)
{
	struct reading reading = { .path = path, .why = why, .room = room };

	return take(&reading, required);
}

bool config_check(const char *path, bool required, FILE *to)
{
	char why[512];
	struct reading reading = { .path = path, .all = to, .why = why, .room = sizeof(why) };
	struct config *config = take(&reading, required);

	if (config)
		config_free(config);
	return config != NULL;
}

const char *config_text(const struct config *config, size_t *length)
{
	*length = config->length;
	return config->text;
}

void config_free(struct config *config)
{
	free(config->text);
	free(config->section);
	free(config);
}

/* --- looking up -------------------------------------------------------------------------------- */

static void apply(const struct section *section, struct settings *settings)
{
	for (unsigned int k = 0; k < KEYS; k++) {
		size_t bytes = keys[k].type == KEY_ENGINE ? sizeof(settings->engine) :
				sizeof(uint32_t);

		if (section->set & 1u << k)
			memcpy((char *)settings + keys[k].at,
					(const char *)&section->settings + keys[k].at, bytes);
	}
}

static void apply_named(const struct config *config, const char *guest, const char *vdev,
		struct settings *settings)
{
	for (unsigned int i = 0; i < config->sections; i++) {
		const struct section *section = &config->section[i];

		if (strcmp(section->guest, guest) == 0 && strcmp(section->vdev, vdev) == 0)
			apply(section, settings);
	}
}

struct settings config_settings(const struct config *config, const char *guest, const char *vdev)
{
	struct settings settings = defaults;

	apply_named(config, "", "", &settings);
	if (guest[0]) {
		apply_named(config, guest, "", &settings);
		apply_named(config, guest, vdev, &settings);
	}
	return settings;
}

void config_uids(const struct config *config, uint32_t *first, uint32_t *last)
{
	*first = config->uid_first;
	*last = config->uid_last;
}
