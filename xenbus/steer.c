/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program that chooses the queue of a packet for a guest that has set up a hash: parses as
 * netback/hash.c does, hashes through the tables of the map, returns the mapping's entry; the kernel
 * takes the remainder by the number of queues. Without a loop: the kernel's checker follows it at once.
 * Of IPv6 packets with extension headers the addresses count, not the ports.
 * Trusts nothing in the packet or the map: the checker of the kernel refuses a program that would.
 */
#include "xenbus/steer.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xen/io/netif.h>

#include "ring/steer.h"

#define PROGRAM_MAX 768		/* instructions */
#define JUMPS_MAX 4		/* to one place */

/* On the program's stack, below R10. Header: room for 20 or 40 bytes, so that addresses lie aligned. */
#define INPUT (-40)
#define HEADER (-88)
#define TYPE (-96)

/* What the program's registers hold; R0 to R5 are the calls'. */
enum { CONTEXT = BPF_REG_6, TABLES = BPF_REG_7, HASH = BPF_REG_8, L3 = BPF_REG_9, STACK = BPF_REG_10 };

struct program {
	struct bpf_insn insn[PROGRAM_MAX];
	uint32_t count;
};

/* A place further on, and the jumps that lead there. */
struct place {
	uint32_t from[JUMPS_MAX];
	uint32_t count;
};

/* --- instructions ------------------------------------------------------------------------------ */

static void put(struct program *program, int code, int dst, int src, int off, int imm)
{
	assert(program->count < PROGRAM_MAX);
	program->insn[program->count++] = (struct bpf_insn) {
		/* The fields' own widths: every value here is a constant that fits. */
		.code = (uint8_t)code, .dst_reg = (uint8_t)dst & 15, .src_reg = (uint8_t)src & 15,
		.off = (int16_t)off, .imm = imm,
	};
}

static void move(struct program *program, int dst, int src)
{
	put(program, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void set(struct program *program, int dst, int value)
{
	put(program, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value);
}

/* dst = dst OP value, of 64 bits. */
static void calculate(struct program *program, int op, int dst, int value)
{
	put(program, BPF_ALU64 | op | BPF_K, dst, 0, 0, value);
}

static void load(struct program *program, int size, int dst, int base, int off)
{
	put(program, BPF_LDX | BPF_MEM | size, dst, base, off, 0);
}

static void jump(struct program *program, struct place *to, int op, int dst, int value)
{
	assert(to->count < JUMPS_MAX);
	to->from[to->count++] = program->count;
	put(program, BPF_JMP | op | BPF_K, dst, 0, 0, value);
}

static void here(struct program *program, const struct place *place)
{
	for (uint32_t i = 0; i < place->count; i++)
		program->insn[place->from[i]].off = (int16_t)(program->count - place->from[i] - 1);
}

/* Copies bytes of the packet from where L3 + off says; jumps where there are not so many. */
static void packet_load(struct program *program, int base, int off, int to, int bytes, struct place *none)
{
	move(program, BPF_REG_1, CONTEXT);
	move(program, BPF_REG_2, base);
	calculate(program, BPF_ADD, BPF_REG_2, off);
	move(program, BPF_REG_3, STACK);
	calculate(program, BPF_ADD, BPF_REG_3, to);
	set(program, BPF_REG_4, bytes);
	put(program, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_load_bytes);
	jump(program, none, BPF_JNE, BPF_REG_0, 0);
}

/* --- the program ------------------------------------------------------------------------------- */

static void begin(struct program *program, int map)
{
	move(program, CONTEXT, BPF_REG_1);
	put(program, BPF_LD | BPF_DW | BPF_IMM, TABLES, BPF_PSEUDO_MAP_VALUE, 0, map);
	put(program, 0, 0, 0, 0, 0);	/* the second half: offset 0 in the value */
	for (int at = 0; at < 40; at += 8)
		put(program, BPF_ST | BPF_MEM | BPF_DW, STACK, 0, INPUT + at, 0);
	set(program, HASH, 0);
	set(program, L3, 14);
}

/* R1: the type behind at most two VLAN tags, as it lies in the packet. */
static void type_find(struct program *program, struct place *none)
{
	struct place untagged = { 0 };

	for (int tags = 0; ; tags++) {
		struct place tagged = { 0 };

		packet_load(program, L3, -2, TYPE, 2, none);
		load(program, BPF_H, BPF_REG_1, STACK, TYPE);
		if (tags == 2)
			break;
		jump(program, &tagged, BPF_JEQ, BPF_REG_1, htons(0x8100));
		jump(program, &untagged, BPF_JNE, BPF_REG_1, htons(0x88a8));
		here(program, &tagged);
		calculate(program, BPF_ADD, L3, 4);
	}
	here(program, &untagged);
}

static void unless_hashed(struct program *program, uint32_t flag, struct place *to)
{
	load(program, BPF_W, BPF_REG_1, TABLES, offsetof(struct steer, flags));
	calculate(program, BPF_AND, BPF_REG_1, (int)flag);
	jump(program, to, BPF_JEQ, BPF_REG_1, 0);
}

/* HASH ^= the hash of so many bytes of the input. */
static void input_hash(struct program *program, unsigned int bytes)
{
	for (unsigned int half = 0; half < bytes * 2; half++) {
		load(program, BPF_B, BPF_REG_1, STACK, INPUT + (int)half / 2);
		if (half & 1)
			calculate(program, BPF_AND, BPF_REG_1, 15);
		else
			calculate(program, BPF_RSH, BPF_REG_1, 4);
		calculate(program, BPF_LSH, BPF_REG_1, 2);
		put(program, BPF_ALU64 | BPF_ADD | BPF_X, BPF_REG_1, TABLES, 0, 0);
		load(program, BPF_W, BPF_REG_1, BPF_REG_1, (int)(offsetof(struct steer, part) +
				half * sizeof(((struct steer *)NULL)->part[0])));
		put(program, BPF_ALU64 | BPF_XOR | BPF_X, HASH, BPF_REG_1, 0, 0);
	}
}

/* The addresses: 8 bytes from 12 on. Ports: of TCP, unless it is a fragment. */
static void ipv4(struct program *program, struct place *none)
{
	struct place no_ports = { 0 }, ports = { 0 };
	const int ip = HEADER + 4;

	packet_load(program, L3, 0, ip, 20, none);
	load(program, BPF_DW, BPF_REG_1, STACK, ip + 12);
	put(program, BPF_STX | BPF_MEM | BPF_DW, STACK, BPF_REG_1, INPUT, 0);
	load(program, BPF_B, BPF_REG_1, STACK, ip + 9);
	jump(program, &no_ports, BPF_JNE, BPF_REG_1, IPPROTO_TCP);
	load(program, BPF_H, BPF_REG_1, STACK, ip + 6);
	calculate(program, BPF_AND, BPF_REG_1, htons(0x3fff));
	jump(program, &no_ports, BPF_JNE, BPF_REG_1, 0);
	unless_hashed(program, XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP, &no_ports);
	load(program, BPF_B, BPF_REG_2, STACK, ip);
	calculate(program, BPF_AND, BPF_REG_2, 15);
	calculate(program, BPF_LSH, BPF_REG_2, 2);
	put(program, BPF_ALU64 | BPF_ADD | BPF_X, L3, BPF_REG_2, 0, 0);
	packet_load(program, L3, 0, INPUT + 8, 4, &no_ports);
	jump(program, &ports, BPF_JA, 0, 0);
	here(program, &no_ports);
	unless_hashed(program, XEN_NETIF_CTRL_HASH_TYPE_IPV4, none);
	here(program, &ports);
	input_hash(program, 12);
}

static void ipv6(struct program *program, struct place *none)
{
	struct place no_ports = { 0 }, ports = { 0 };

	packet_load(program, L3, 0, HEADER, 40, none);
	for (int at = 0; at < 32; at += 8) {
		load(program, BPF_DW, BPF_REG_1, STACK, HEADER + 8 + at);
		put(program, BPF_STX | BPF_MEM | BPF_DW, STACK, BPF_REG_1, INPUT + at, 0);
	}
	load(program, BPF_B, BPF_REG_1, STACK, HEADER + 6);
	jump(program, &no_ports, BPF_JNE, BPF_REG_1, IPPROTO_TCP);
	unless_hashed(program, XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP, &no_ports);
	packet_load(program, L3, 40, INPUT + 32, 4, &no_ports);
	jump(program, &ports, BPF_JA, 0, 0);
	here(program, &no_ports);
	unless_hashed(program, XEN_NETIF_CTRL_HASH_TYPE_IPV6, none);
	here(program, &ports);
	input_hash(program, STEER_INPUT_BYTES);
}

static void queue_choose(struct program *program)
{
	struct place mapped = { 0 };

	move(program, BPF_REG_0, HASH);
	load(program, BPF_W, BPF_REG_1, TABLES, offsetof(struct steer, size));
	jump(program, &mapped, BPF_JNE, BPF_REG_1, 0);
	put(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	here(program, &mapped);
	put(program, BPF_ALU64 | BPF_MOD | BPF_X, HASH, BPF_REG_1, 0, 0);
	calculate(program, BPF_AND, HASH, STEER_MAPPING_MAX - 1);
	calculate(program, BPF_LSH, HASH, 2);
	put(program, BPF_ALU64 | BPF_ADD | BPF_X, HASH, TABLES, 0, 0);
	load(program, BPF_W, BPF_REG_0, HASH, offsetof(struct steer, mapping));
	put(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void program_make(struct program *program, int map)
{
	struct place not_ipv4 = { 0 }, none = { 0 }, none4 = { 0 }, none6 = { 0 }, chosen = { 0 };

	program->count = 0;
	begin(program, map);
	type_find(program, &none);
	jump(program, &not_ipv4, BPF_JNE, BPF_REG_1, htons(0x0800));
	ipv4(program, &none4);
	jump(program, &chosen, BPF_JA, 0, 0);
	here(program, &not_ipv4);
	jump(program, &none, BPF_JNE, BPF_REG_1, htons(0x86dd));
	ipv6(program, &none6);
	here(program, &none);
	here(program, &none4);
	here(program, &none6);
	here(program, &chosen);
	queue_choose(program);
}

/* --- the kernel -------------------------------------------------------------------------------- */

static int bpf(int command, union bpf_attr *attr)
{
	const long r = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

int steer_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = sizeof(struct steer),
		.max_entries = 1, .map_flags = BPF_F_MMAPABLE,
	};
	const int made = bpf(BPF_MAP_CREATE, &attr);
	int fd;

	if (made < 0)
		return made;
	fd = fcntl(made, F_DUPFD_CLOEXEC, 3);
	fd = fd < 0 ? -errno : fd;
	close(made);
	return fd;
}

int steer_program(int map)
{
	struct program program;
	union bpf_attr attr;

	program_make(&program, map);
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insn_cnt = program.count;
	attr.insns = (uint64_t)(uintptr_t)program.insn;	/* pointers in bpf(2) are numbers of 64 bits */
	attr.license = (uint64_t)(uintptr_t)"GPL";
	return bpf(BPF_PROG_LOAD, &attr);
}
