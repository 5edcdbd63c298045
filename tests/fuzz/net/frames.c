/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames whose bytes are known again on the other side, and frames with headers that are looked at. */
#include "tests/fuzz/net/frontend.h"

bool tainted;

bool wrong(struct feed *feed)
{
	if (feed_u8(feed) != 255)
		return false;
	tainted = true;
	return true;
}

static uint8_t plain_byte(uint32_t serial, uint32_t i)
{
	return (uint8_t)(serial * 37 + i * 7 + (i >> 8));
}

static void plain_make(uint8_t *frame, uint32_t bytes, uint32_t serial)
{
	memcpy(frame + 12, "\x88\xb5", 2);
	memcpy(frame + 14, &serial, sizeof(serial));
	for (uint32_t i = PLAIN_MIN; i < bytes; i++)
		frame[i] = plain_byte(serial, i);
}

bool is_plain(const uint8_t *frame, uint32_t bytes)
{
	return bytes >= PLAIN_MIN && memcmp(frame + 12, "\x88\xb5", 2) == 0;
}

uint32_t plain_serial(const uint8_t *frame)
{
	uint32_t serial;

	memcpy(&serial, frame + 14, sizeof(serial));
	return serial;
}

void plain_holds(const uint8_t *frame, uint32_t bytes, uint32_t want_bytes, uint32_t *heard)
{
	const uint32_t serial = plain_serial(frame);

	HOLDS((int32_t)(serial - *heard) > 0);
	*heard = serial;
	HOLDS(bytes == want_bytes);
	for (uint32_t i = PLAIN_MIN; i < bytes; i++)
		HOLDS(frame[i] == plain_byte(serial, i));
}

/* IP with TCP or UDP, mostly well made, from an address that the vif may use. */
static void ip_make(struct feed *feed, uint8_t *frame, uint32_t bytes, bool v6)
{
	const uint32_t l4 = v6 ? 54 : 34;
	uint8_t protocol = feed_u8(feed) & 1 ? 17 : 6;

	memset(frame + 14, 0, bytes - 14);
	memcpy(frame + 12, v6 ? "\x86\xdd" : "\x08\x00", 2);
	if (v6) {
		memcpy(frame + 14, "\x60\0\0\0\0\0\0\x40\x20\x01\x0d\xb8", 12);
		frame[18] = (uint8_t)((bytes - 54) >> 8);
		frame[19] = (uint8_t)(bytes - 54);
		frame[20] = protocol;
	} else {
		memcpy(frame + 14, "\x45\0\0\0\0\0\0\0\x40\0\0\0\x0a\0\0\x07\x0a\0\0\x08", 20);
		frame[16] = (uint8_t)((bytes - 14) >> 8);
		frame[17] = (uint8_t)(bytes - 14);
		frame[23] = protocol;
	}
	frame[l4 + 12] = 0x50;
	if (wrong(feed))
		feed_bytes(feed, frame + 12, 48);
}

uint32_t frame_bytes(struct feed *feed)
{
	const uint8_t what = feed_u8(feed);
	uint32_t bytes = what < 200 ? 74 + what * 7u : feed_u32(feed) % 65536;

	if (what >= 240)	/* as pages hold them exactly */
		bytes = (what - 239) % 16 * (GRANT_PAGE_BYTES - vif.headroom);
	return bytes < 74 ? 74 : bytes;
}

void frame_make(struct feed *feed, uint8_t *frame, uint32_t bytes, uint8_t kind, uint32_t serial)
{
	memcpy(frame, kind & 8 ? "\x01\0\x5e\0\0\x01" : "\x02\0\0\0\0\x09", 6);
	memcpy(frame + 6, vif.params.vif.mac, 6);
	if (wrong(feed))
		frame[11]++;
	if (kind % 8 < 4)
		plain_make(frame, bytes, serial);
	else
		ip_make(feed, frame, bytes, kind & 1);
}
