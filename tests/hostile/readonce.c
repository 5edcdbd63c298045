/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts every access of a disk's data path to its ring page. The page is taken away; each
 * access faults, is noted with its place in the page and in the program, is let through by a single
 * step, and the page is taken away again. Ends with status 1 and a sentence where a word of a request
 * is read twice, where a part of a word is, or where anything but ring/sring.c touches the page.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <ucontext.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/queue_world.h"

#define TRAP_FLAG 0x100		/* of the processor's flags: a trap after the next instruction */
#define FAULT_WRITE 2		/* of the page fault's error code */
#define NOTES_MAX 4096
#define SLOT_BYTES 112u
#define HEADER_BYTES 64u
#define WORD 8u			/* how sring_take() reads slots of this size */

struct note {
	uint32_t at;		/* in the page */
	bool write;
	uintptr_t ip;
};

static struct note notes[NOTES_MAX];
static volatile uint32_t note_count;

static void page_protect(int prot)
{
	if (mprotect(fake.page[RING_GREF], FAKE_PAGE_BYTES, prot))
		_exit(2);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uintptr_t at = (uintptr_t)info->si_addr - (uintptr_t)fake.page[RING_GREF];

	if (at >= FAKE_PAGE_BYTES || note_count == NOTES_MAX)
		_exit(3);
	notes[note_count++] = (struct note) {
		.at = (uint32_t)at,
		.write = uc->uc_mcontext.gregs[REG_ERR] & FAULT_WRITE,
		.ip = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP],
	};
	page_protect(PROT_READ | PROT_WRITE);
	uc->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

static void on_step(int number, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
	page_protect(PROT_NONE);
}

static void faults_catch(void)
{
	struct sigaction fault = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	struct sigaction step = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &fault, NULL);
	sigaction(SIGTRAP, &step, NULL);
}

/* The worker does what there is to do; everything it does to the page is noted. */
static void work(void)
{
	note_count = 0;
	page_protect(PROT_NONE);
	for (int i = 0; i < 200 && (queue_pass(&queue) || queue.requests.in_progress); i++)
		usleep(100);
	queue_rest(&queue);
	page_protect(PROT_READ | PROT_WRITE);
}

/* --- what is allowed --------------------------------------------------------------------------- */

static bool is_accessor(uintptr_t ip)
{
	Dl_info info;

	/* An address in the place of a pointer: the program's own symbols are exported for this. */
	if (!dladdr((void *)ip, &info) || !info.dli_sname)
		return false;
	return !strncmp(info.dli_sname, "sring_", 6);
}

static int complain(const struct note *note, const char *what)
{
	printf("%s: byte %u of the ring page, by the instruction at %#lx\n", what, note->at,
			(unsigned long)note->ip);
	return 1;
}

/* Requests lie in `slots` slots from index `first` on; each of their words is read once, whole. */
static int slots_check(uint32_t first, uint32_t slots)
{
	uint32_t reads[RING_SLOTS * SLOT_BYTES / WORD] = { 0 };
	uint32_t seen = 0;

	for (uint32_t i = 0; i < note_count; i++) {
		const struct note *note = &notes[i];

		if (!is_accessor(note->ip))
			return complain(note, "touched by another function than the ring's own");
		if (note->write || note->at < HEADER_BYTES)
			continue;
		if ((note->at - HEADER_BYTES) % WORD)
			return complain(note, "a part of a word read again");
		if (reads[(note->at - HEADER_BYTES) / WORD]++)
			return complain(note, "read twice");
		seen++;
	}
	if (seen == slots * SLOT_BYTES / WORD)
		return 0;
	printf("%u words of %u requests were read, not %u each: this test sees nothing\n", seen, slots,
			SLOT_BYTES / WORD);
	return 1;
}

/* In one pass: req_prod at most once for each look, rsp_event once for each batch, never rsp_prod. */
static int header_check(void)
{
	uint32_t reads[4] = { 0 };

	for (uint32_t i = 0; i < note_count; i++) {
		if (!notes[i].write && notes[i].at < 16)
			reads[notes[i].at / 4]++;
		if (!notes[i].write && notes[i].at >= 16 && notes[i].at < HEADER_BYTES)
			return complain(&notes[i], "the header's padding is read");
	}
	if (reads[1] || reads[2]) {
		printf("req_event was read %u times, rsp_prod %u times: both are ours to write\n", reads[1], reads[2]);
		return 1;
	}
	if (reads[0] && reads[3])
		return 0;
	printf("req_prod or rsp_event was never read: this test sees nothing\n");
	return 1;
}

static int round_check(const char *name, uint32_t slots)
{
	int wrong;

	push();
	work();
	wrong = slots_check(req_prod - slots, slots) || header_check();
	hear();
	printf("%s: %u accesses, %s\n", name, note_count, wrong ? "WRONG" : "each word of a request read once");
	return wrong;
}

static int requests_check(uint32_t flags)
{
	int wrong = 0;

	world_open("aio", flags);
	for (uint64_t id = 0; id < 4; id++)
		ask(id % 2 ? BLKIF_OP_READ : BLKIF_OP_WRITE, id, 8 * id, (uint8_t)(id + 1), DATA_GREF);
	wrong |= round_check("reads and writes", 4);
	ask(BLKIF_OP_FLUSH_DISKCACHE, 4, 0, 0, DATA_GREF);
	ask(BLKIF_OP_WRITE_BARRIER, 5, 0, 1, DATA_GREF);
	ask_discard(6, 0, 8);
	wrong |= round_check("flush, barrier, discard", 3);
	ask_indirect(BLKIF_OP_WRITE, 7, 0, 32, DATA_GREF);
	ask_indirect(BLKIF_OP_READ, 8, 0, 32, DATA_GREF);
	wrong |= round_check("indirect requests", 2);
	ask(99, 9, 0, 1, DATA_GREF);
	ask(BLKIF_OP_READ, 10, 0, 255, DATA_GREF);
	ask(BLKIF_OP_READ, 11, UINT64_MAX, 1, DATA_GREF);
	ask_indirect(BLKIF_OP_READ, 12, 0, 65535, DATA_GREF);
	wrong |= round_check("nonsense", 4);
	worker_die();
	return wrong;
}

int main(void)
{
	faults_catch();
	return requests_check(ALL) | requests_check(ALL | VBD_PERSISTENT);
}
