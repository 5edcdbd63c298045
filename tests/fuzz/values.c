/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: xenbus/parse.o xenbus/vifkeys.o */
/* Texts of xenstore and of the kernel: a number that is taken is the text's, within its range. */
#include <inttypes.h>

#include "tests/fuzz/feed.h"
#include "xenbus/parse.h"
#include "xenbus/vifkeys.h"

static void numbers(const char *text)
{
	char again[24];
	uint64_t value;
	uint32_t low;

	if (parse_u64(text, 5, 1ull << 40, &value) == 0) {
		HOLDS(value >= 5 && value <= 1ull << 40);
		snprintf(again, sizeof(again), "%" PRIu64, value);
		HOLDS(strcmp(again, text + strspn(text, "0")) == 0);
	}
	if (parse_u32(text, 0, 77, &low) == 0)
		HOLDS(low <= 77);
	HOLDS(parse_state(text) < BUS_STATES);
}

static void names(const char *text)
{
	struct device_id id;
	uint32_t major, minor, kind;
	enum blkif_abi abi;

	if (parse_device_name(text, &id) == 0)
		HOLDS(id.kind == DEVICE_VBD || id.kind == DEVICE_VIF);
	if (parse_device_path("/local/domain/0/backend", text, &id) == 0)
		HOLDS(id.domid < 0x7ff0 || id.domid == ID_ANY);
	parse_devnum(text, &major, &minor);
	if (parse_vdev(text, &kind) == 0)
		HOLDS(kind == (strncmp(text, "vif", 3) == 0 ? DEVICE_VIF : DEVICE_VBD));
	if (parse_abi(text, &abi) == 0)
		HOLDS(abi <= BLKIF_ABI_X86_64);
}

static void interfaces(const char *text)
{
	struct vif_params vif = { 0 };
	uint64_t bytes;
	uint32_t usec;
	uint8_t mac[6];

	vifkeys_mac(text, mac);
	if (vifkeys_addresses(text, &vif) == 0)
		HOLDS(vif.addresses <= VIF_ADDRESSES_MAX);
	for (uint32_t i = 0; i < vif.addresses && i < VIF_ADDRESSES_MAX; i++)
		HOLDS(vif.address[i].prefix <= (vif.address[i].family == 4 ? 32 : 128));
	if (vifkeys_rate(text, &bytes, &usec) == 0)
		HOLDS(usec >= 1 && usec <= 3600000000u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = { data, size };
	uint32_t major, minor;
	char *text;

	parse_resize_uevent((const char *)data, size, &major, &minor);
	text = feed_text(&feed);
	numbers(text);
	names(text);
	interfaces(text);
	free(text);
	return 0;
}
