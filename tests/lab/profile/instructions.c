/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A plugin of QEMU that counts the instructions a machine executes, by the address of the block they
 * are in. Arguments: events=FILE, out=DIRECTORY. Whenever a line has been added to FILE, all counts so
 * far go to DIRECTORY/NUMBER-OF-LINES, one `ADDRESS ~ COUNT` a line. Debian packages no header for
 * plugins: what is used of the interface, version 1, is declared here as QEMU's documentation has it.
 * Trusts QEMU to run one processor at a time.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_info;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
		void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *block));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, enum qemu_plugin_op op,
		void *counter, uint64_t n);

int qemu_plugin_version = 1;
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

#define BUCKET_BITS 22
#define BUCKETS (1u << BUCKET_BITS)	/* many times the blocks of a boot */
static struct { uint64_t address, count; } block[BUCKETS];
static const char *events, *out;

/* Of a program its page will do: each start has addresses of its own, and a full table would never end. */
static uint64_t place_of(uint64_t address)
{
	return address >> 63 ? address : address & ~0xfffull;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	const uint64_t address = place_of(qemu_plugin_tb_vaddr(tb));
	uint32_t i = (uint32_t)(address * 0x9e3779b97f4a7c15u >> (64 - BUCKET_BITS));

	while (block[i].address && block[i].address != address)
		i = (i + 1) % BUCKETS;
	block[i].address = address;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &block[i].count,
			qemu_plugin_tb_n_insns(tb));
}

static unsigned int lines_of(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned int lines = 0;
	int c;

	while (file && (c = getc(file)) != EOF)
		lines += c == '\n';
	if (file)
		fclose(file);
	return lines;
}

static void dump(unsigned int lines)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u", out, lines);
	file = fopen(path, "w");
	for (uint32_t i = 0; file && i < BUCKETS; i++) {
		if (block[i].count)
			fprintf(file, "%016" PRIx64 " ~ %" PRIu64 "\n", block[i].address, block[i].count);
	}
	if (file)
		fclose(file);
}

static void *follow(void *arg)
{
	unsigned int seen = 0, now;

	while (true) {
		now = lines_of(events);
		if (now != seen)
			dump(now);
		seen = now;
		usleep(20000);
	}
	return NULL;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	pthread_t thread;

	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "events=", 7) == 0)
			events = argv[i] + 7;
		if (strncmp(argv[i], "out=", 4) == 0)
			out = argv[i] + 4;
	}
	if (!events || !out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return pthread_create(&thread, NULL, follow, NULL);
}
