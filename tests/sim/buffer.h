/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that wait: added at the end, taken from the front. All zero is an empty one. */
#ifndef SIM_BUFFER_H
#define SIM_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
	uint8_t *data;
	size_t used, room;
};

/* Grows as needed; without memory the program ends. */
void buffer_add(struct buffer *buffer, const void *data, size_t n);
void buffer_consume(struct buffer *buffer, size_t n);

/* Empties it and gives its memory back. */
void buffer_free(struct buffer *buffer);

#endif
