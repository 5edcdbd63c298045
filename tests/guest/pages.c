/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Granted pages of a userspace frontend. Trusts libxengnttab; promises that a page is in one
 * request at a time, and that all grants end with pages_close().
 */
#include "tests/guest/pages.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 4096u

int pages_open(struct pages *pages, uint32_t domid)
{
	memset(pages, 0, sizeof(*pages));
	pages->domid = domid;
	pages->handle = xengntshr_open(NULL, 0);
	return pages->handle ? 0 : -errno;
}

int pages_share(struct pages *pages, struct page *page, uint32_t count, bool writable)
{
	uint32_t gref[PAGES_CHUNK];
	char *at;

	assert(count && count <= PAGES_CHUNK);
	at = xengntshr_share_pages(pages->handle, pages->domid, (int)count, gref, writable);
	if (!at)
		return -errno;
	for (uint32_t i = 0; i < count; i++)
		page[i] = (struct page) { .at = at + (size_t)i * PAGE_BYTES, .gref = gref[i] };
	return 0;
}

void pages_unshare(struct pages *pages, const struct page *page, uint32_t count)
{
	/* Fails only for what was not shared: a mistake of ours. */
	if (xengntshr_unshare(pages->handle, page[0].at, count))
		assert(false);
}

static uint32_t chunk_pages(const struct pages *pages, uint32_t chunk)
{
	uint32_t rest = pages->room - chunk * PAGES_CHUNK;

	return rest < PAGES_CHUNK ? rest : PAGES_CHUNK;
}

int pages_fill(struct pages *pages, uint32_t count)
{
	uint32_t chunks = (count + PAGES_CHUNK - 1) / PAGES_CHUNK;
	int rc;

	assert(!pages->free && count);
	pages->room = count;
	pages->free = calloc(count, sizeof(*pages->free));
	pages->chunk = calloc(chunks, sizeof(*pages->chunk));
	if (!pages->free || !pages->chunk)
		return -ENOMEM;
	while (pages->chunks < chunks) {
		uint32_t n = chunk_pages(pages, pages->chunks);

		rc = pages_share(pages, pages->free + pages->free_count, n, true);
		if (rc)
			return rc;
		pages->chunk[pages->chunks++] = pages->free[pages->free_count].at;
		pages->free_count += n;
	}
	return 0;
}

void pages_close(struct pages *pages)
{
	for (uint32_t i = 0; i < pages->chunks; i++)
		xengntshr_unshare(pages->handle, pages->chunk[i], chunk_pages(pages, i));
	free(pages->chunk);
	free(pages->free);
	if (pages->handle)
		xengntshr_close(pages->handle);
	memset(pages, 0, sizeof(*pages));
}

void pages_scribble(struct pages *pages)
{
	for (uint32_t i = 0; i < pages->chunks; i++)
		memset(pages->chunk[i], 0xa5, (size_t)chunk_pages(pages, i) * PAGE_BYTES);
}

bool pages_take(struct pages *pages, struct page *page, uint32_t count)
{
	if (pages->free_count < count)
		return false;
	for (uint32_t i = 0; i < count; i++)
		page[i] = pages->free[--pages->free_count];
	return true;
}

void pages_give(struct pages *pages, const struct page *page, uint32_t count)
{
	assert(pages->free_count + count <= pages->room);
	/* Backwards, so that the same request takes the same pages again. */
	for (uint32_t i = count; i > 0; i--)
		pages->free[pages->free_count++] = page[i - 1];
}
