/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: netback/hash.o netback/frame.o */
/*
 * Requests of the control ring one after the other, and frames hashed in between: a mapping never
 * names a queue that is not there, and every request has a whole answer.
 */
#include "netback/hash.h"
#include "tests/fuzz/feed.h"

#define QUEUES 4

static void request_one(struct hash *hash, struct feed *feed)
{
	struct xen_netif_ctrl_request request = {
		.id = 7, .type = feed_u8(feed) % 12,
		.data = { feed_u32(feed), feed_u32(feed), feed_u32(feed) },
	};
	struct xen_netif_ctrl_response response;
	uint32_t copy[HASH_COPY_BYTES / 4];
	gref_t page;
	uint32_t wants = hash_wants(&request, &page);

	HOLDS(wants <= HASH_COPY_BYTES);
	for (uint32_t i = 0; i < wants / 4; i++)
		copy[i] = feed_u8(feed) % (QUEUES + 1);
	memset(&response, 0xa5, sizeof(response));
	hash_request(hash, &request, wants && feed_u8(feed) % 8 ? copy : NULL, &response);
	HOLDS(response.id == 7 && response.type == request.type && response.status <= 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	struct hash_value value;
	uint8_t frame[96];
	struct hash hash;

	hash_init(&hash, QUEUES);
	while (feed.left) {
		request_one(&hash, &feed);
		for (int t = 0; t < 2; t++) {
			HOLDS(hash.table[t].size <= HASH_MAPPING_MAX);
			for (uint32_t i = 0; i < HASH_MAPPING_MAX; i++)
				HOLDS(hash.table[t].mapping[i] < QUEUES);
		}
		feed_bytes(&feed, frame, sizeof(frame));
		hash_frame(&hash, frame, 14 + feed_u8(&feed) % (sizeof(frame) - 13), &value);
	}
	/* What a predecessor has left may be anything. */
	feed = (struct feed) { data, size };
	feed_bytes(&feed, &hash, sizeof(hash));
	hash_adopt(&hash, QUEUES);
	HOLDS(hash.current <= 1 && hash.queues == QUEUES);
	HOLDS(hash.table[hash.current].size <= HASH_MAPPING_MAX);
	return 0;
}
