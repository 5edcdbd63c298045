/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making notes of what is to be done at the end of a mapping, and doing it. The same code runs in
 * the process that unmaps and in the watcher that outlives one that was killed.
 */
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>

/*
 * In the child; both descriptors are above 8. Nothing of the process that is watched may stay open
 * here, least of all its locks.
 */
static void watcher_exec(int memory, int end)
{
	char path[256];

	if (fork())
		_exit(0);	/* the watcher is nobody's child to wait for */
	setsid();
	if (dup2(end, 0) != 0 || dup2(memory, 3) != 3)
		_exit(1);
	close(1);
	close(2);
	close_range(4, ~0u, 0);
	execl(sim_path(path, sizeof(path), "programs/notifier"), "notifier", NULL);
	_exit(1);
}

static bool watcher_start(struct sim_notes *notes, int memory)
{
	int ends[2], high[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return false;
	high[0] = fcntl(memory, F_DUPFD_CLOEXEC, 8);
	high[1] = fcntl(ends[0], F_DUPFD_CLOEXEC, 8);
	pid = fork();
	if (pid == 0)
		watcher_exec(high[0], high[1]);
	close(high[0]);
	close(high[1]);
	close(ends[0]);
	notes->end = ends[1];
	return pid > 0 && waitpid(pid, &status, 0) == pid;
}

static bool notes_open(struct sim_notes *notes)
{
	int memory = memfd_create("notes", MFD_CLOEXEC);
	size_t bytes = SIM_NOTES * sizeof(struct sim_note);
	struct sim_note *note;

	if (memory < 0)
		return false;
	note = ftruncate(memory, (off_t)bytes) ? MAP_FAILED :
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (note != MAP_FAILED && watcher_start(notes, memory))
		notes->note = note;
	close(memory);
	return notes->note != NULL;
}

static struct sim_note *note_free(struct sim_notes *notes)
{
	if (!notes->note && !notes_open(notes))
		return NULL;
	for (int i = 0; i < SIM_NOTES; i++) {
		if (!notes->note[i].used)
			return &notes->note[i];
	}
	errno = ENOSPC;
	return NULL;
}

struct sim_note *sim_note_add(struct sim_notes *notes, uint32_t self, const struct sim_domain *domain,
		uint32_t ref, uint32_t offset, uint32_t port)
{
	const struct sim_domain *own = sim_domain(self);
	const struct sim_port *p = own && port < SIM_PORTS ? &own->port[port] : NULL;
	struct sim_note *note;

	if (port != UINT32_MAX && (!p || p->state == SIM_PORT_FREE)) {
		errno = EINVAL;
		return NULL;
	}
	note = note_free(notes);
	if (!note)
		return NULL;
	*note = (struct sim_note) {
		.domid = domain->domid, .life = domain->life, .ref = ref, .self = self,
		.offset = offset < SIM_PAGE ? (int32_t)offset : -1, .port = (int32_t)port,
	};
	if (p && p->state == SIM_PORT_BOUND) {
		note->remote_dom = p->remote_dom;
		note->remote_port = p->remote_port;
	}
	/* Release: the watcher may look at any moment. */
	__atomic_store_n(&note->used, 1, __ATOMIC_RELEASE);
	return note;
}

/*
 * The kernel keeps the port of a note open until the event is sent. Here it may have gone with its
 * process: then its other end waits to be bound again, and gets the event all the same.
 */
static void event_send(const struct sim_note *note)
{
	struct sim_domain *self = sim_domain(note->self), *remote;
	uint32_t remote_dom = note->remote_dom, remote_port = note->remote_port;
	const struct sim_port *peer;
	bool ours;

	sim_lock();
	if (self && self->port[note->port].state == SIM_PORT_BOUND) {
		remote_dom = self->port[note->port].remote_dom;
		remote_port = self->port[note->port].remote_port;
	}
	remote = remote_port ? sim_domain(remote_dom) : NULL;
	peer = remote ? &remote->port[remote_port] : NULL;
	ours = peer && ((peer->state == SIM_PORT_BOUND && peer->remote_dom == note->self &&
			peer->remote_port == (uint32_t)note->port) ||
			(peer->state == SIM_PORT_UNBOUND && peer->allowed == note->self));
	sim_unlock();
	if (ours)
		sim_port_send(remote, remote_port, sim_pipe);
}

void sim_note_fire(struct sim_note *note)
{
	const struct sim_domain *domain = sim_domain(note->domid);
	uint8_t *memory = domain && domain->life == note->life ? sim_memory(domain) : NULL;

	/* Taken out last: what a process that dies meanwhile has begun is done again by its watcher. */
	if (!__atomic_load_n(&note->used, __ATOMIC_ACQUIRE))
		return;
	if (memory && note->offset >= 0)
		memory[note->ref * SIM_PAGE + (uint32_t)note->offset] = 0;
	if (note->port >= 0)
		event_send(note);
	__atomic_store_n(&note->used, 0, __ATOMIC_RELEASE);
}
