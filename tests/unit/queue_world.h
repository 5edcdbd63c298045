/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One queue of a vbd in this process, on a file, over a Xen of plain memory, and the frontend at its
 * other end. Every call that cannot do its work fails the running test.
 */
#ifndef TESTS_UNIT_QUEUE_WORLD_H
#define TESTS_UNIT_QUEUE_WORLD_H

#include <stdint.h>
#include <xen/xen.h>
#include <xen/io/blkif.h>

#include "blkback/queue.h"
#include "tests/unit/fake_xen.h"

#define DISK_BYTES (8u << 20)
#define RING_SLOTS 32u
#define RING_GREF 1u
#define DATA_GREF 16u		/* and those after it */
#define ALL (VBD_FLUSH | VBD_DISCARD)
#define IDS 4096u

extern struct vbd vbd;
extern struct stats stats;
extern struct queue queue;
extern int disk, journal_fd;
extern uint32_t req_prod, rsp_cons;	/* the frontend's own */
extern unsigned int answers[IDS];	/* how often each id was answered */
extern int16_t status[IDS];

/* A slot of the shared page by ring index; a word of its header (req_prod, req_event, rsp_*). */
struct blkif_request *slot(uint32_t index);
uint32_t *index_at(unsigned int word);

/* A worker on the ring and journal as they are: what queue_open() or queue_attach() says, or a failed test. */
const char *worker_try(int *err);
void worker_start(void);

/* Dies: what it had in memory is gone; what it gave to the disk may or may not be done. */
void worker_die(void);

/* A new disk, ring and journal, and a worker with that engine and those vbd_flags. */
void world_open(const char *engine, uint32_t flags);

/* The same as set-ups of a test, by the ways of data (blkback/move.h); and their end. */
int copying(void **state);
int mapping(void **state);
int by_hand(void **state);
int world_close(void **state);

#define EACH_WAY(test)                                                                             \
	cmocka_unit_test_setup_teardown(test, copying, world_close),                               \
	cmocka_unit_test_setup_teardown(test, mapping, world_close),                               \
	cmocka_unit_test_setup_teardown(test, by_hand, world_close)

/*
 * Puts a request on the ring, whole pages in consecutive grants; not visible before push(). The
 * descriptors of an indirect one are in the page before its data.
 */
struct blkif_request *ask(uint8_t op, uint64_t id, uint64_t sector, uint8_t segments, uint32_t gref);
void ask_discard(uint64_t id, uint64_t sector, uint64_t count);
void ask_indirect(uint8_t op, uint64_t id, uint64_t sector, uint16_t segments, uint32_t gref);
void push(void);

/* Takes the answers that are shown into answers[] and status[]. */
void hear(void);

/* Pushes, and lets the worker work until every request is answered; bounded. */
void settle(void);

/* The status of that id, which was answered exactly once. */
int16_t answered(uint64_t id);

/* Fills pages with seed, seed + 1, ...; and are these bytes (at most a page) of the file all `want`? */
void paint(uint32_t gref, uint32_t pages, uint8_t seed);
void on_disk(uint64_t offset, uint32_t bytes, int want);

#endif
