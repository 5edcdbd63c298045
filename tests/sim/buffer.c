/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes that wait, for the relays. Trusts its callers; promises nothing when memory ends. */
#include "buffer.h"

#include <stdlib.h>
#include <string.h>

void buffer_add(struct buffer *buffer, const void *data, size_t n)
{
	if (buffer->used + n > buffer->room) {
		buffer->room = 2 * (buffer->used + n) + 4096;
		buffer->data = realloc(buffer->data, buffer->room);
		if (!buffer->data)
			exit(1);
	}
	memcpy(buffer->data + buffer->used, data, n);
	buffer->used += n;
}

void buffer_consume(struct buffer *buffer, size_t n)
{
	buffer->used -= n;
	memmove(buffer->data, buffer->data + n, buffer->used);
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer) { .data = NULL };
}
