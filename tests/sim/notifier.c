/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The watcher of one handle with unmap notifications (notify.h): descriptor 3 is its notes,
 * descriptor 0 ends when the handle does. Does then what is left in the notes, and ends.
 */
#include "notify.h"

#include <errno.h>
#include <unistd.h>
#include <sys/mman.h>

int main(void)
{
	struct sim_note *note = mmap(NULL, SIM_NOTES * sizeof(*note), PROT_READ | PROT_WRITE, MAP_SHARED,
			3, 0);
	char byte;
	ssize_t got;

	if (note == MAP_FAILED || !sim_table())
		return 1;
	do {
		got = read(0, &byte, 1);
	} while (got > 0 || (got < 0 && errno == EINTR));
	for (int i = 0; i < SIM_NOTES; i++)
		sim_note_fire(&note[i]);
	return 0;
}
