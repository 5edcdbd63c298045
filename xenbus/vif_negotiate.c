/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interface's numbers: what the frontend asks for and what the toolstack allows. Trusts the
 * backend directory; of the frontend's directory each key is read once and checked. What a frontend
 * may have is what was offered.
 */
#include "xenbus/vif.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "xenbus/frontend.h"
#include "xenbus/vifkeys.h"

#define RX_DRAIN_BLIND_MSEC 30		/* for a frontend that does not tell about refills: as Linux */
#define RX_INTERVAL_USEC 50000		/* of the limit that the configuration file sets */
#define XDP_HEADROOM_MAX 0x7fff		/* as Linux */

/* --- the frontend's keys ----------------------------------------------------------------------- */

int vif_xdp_read(struct device *device, char wrong[WRONG_KEY_MAX])
{
	uint32_t *headroom = &device->params.vif.xdp_headroom;

	*headroom = 0;
	return fe_option(device, "xdp-headroom", 0, XDP_HEADROOM_MAX, headroom, wrong);
}

static int ring_read(struct device *device, const char *dir, const char *key, struct ring_params *ring,
		char wrong[WRONG_KEY_MAX])
{
	ring->pages = 1;
	return fe_number(device, dir, key, 0, &ring->gref[0], wrong);
}

/* One port for both rings, or one each. */
static int ports_read(struct device *device, const char *dir, struct queue_params *queue,
		char wrong[WRONG_KEY_MAX])
{
	struct ring_params *tx = &queue->ring[0], *rx = &queue->ring[1];
	int r = store_u32(store_of(device), dir, "event-channel", 1, UINT32_MAX, &tx->port);

	rx->port = tx->port;
	if (r != -ENOENT)
		return r ? fe_refuse("event-channel", wrong, r) : 0;
	r = fe_number(device, dir, "event-channel-tx", 1, &tx->port, wrong);
	if (r == 0)
		r = fe_number(device, dir, "event-channel-rx", 1, &rx->port, wrong);
	if (r == 0 && rx->port == tx->port)
		r = fe_refuse("event-channel-rx", wrong, -EINVAL);
	device->params.vif.flags |= VIF_SPLIT;
	return r;
}

static int queues_read(struct device *device, char wrong[WRONG_KEY_MAX])
{
	struct device_params *params = &device->params;
	char dir[96];
	int r = fe_queues(device, wrong);

	for (uint32_t q = 0; q < params->queues && r == 0; q++) {
		fe_queue_dir(device, q, dir);
		r = ring_read(device, dir, "tx-ring-ref", &params->queue[q].ring[0], wrong);
		if (r == 0)
			r = ring_read(device, dir, "rx-ring-ref", &params->queue[q].ring[1], wrong);
		if (r == 0)
			r = ports_read(device, dir, &params->queue[q], wrong);
	}
	return r;
}

static int ctrl_read(struct device *device, char wrong[WRONG_KEY_MAX])
{
	struct ring_params *ctrl = &device->params.vif.ctrl;
	int r = store_u32(store_of(device), device->frontend, "ctrl-ring-ref", 0, UINT32_MAX,
			&ctrl->gref[0]);

	if (r == -ENOENT)
		return 0;
	if (r)
		return fe_refuse("ctrl-ring-ref", wrong, r);
	ctrl->pages = 1;
	return fe_number(device, device->frontend, "event-channel-ctrl", 1, &ctrl->port, wrong);
}

/* A feature is there where its number is not 0; IPv4 checksums are where nobody says no. */
static int features_read(struct device *device, char wrong[WRONG_KEY_MAX])
{
	static const struct {
		const char *key;
		uint32_t flag;
	} features[] = {
		{ "feature-sg", VIF_SG },
		{ "feature-gso-tcpv4", VIF_GSO_TCPV4 },
		{ "feature-gso-tcpv6", VIF_GSO_TCPV6 },
		{ "feature-ipv6-csum-offload", VIF_CSUM_V6 },
		{ "feature-rx-notify", VIF_RX_NOTIFY },
		{ MULTICAST_KEY, VIF_MULTICAST_CONTROL },
		{ "feature-no-csum-offload", VIF_CSUM_V4 },
	};
	struct vif_params *params = &device->params.vif;
	int r = 0;

	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]) && r == 0; i++) {
		uint32_t value = 0;

		r = fe_option(device, features[i].key, 0, UINT32_MAX, &value, wrong);
		params->flags |= value ? features[i].flag : 0;
	}
	params->flags ^= VIF_CSUM_V4;
	return r;
}

/* What does not go together is what was not offered: segments without checksums or without pages. */
static void features_agree(struct device *device)
{
	uint32_t *flags = &device->params.vif.flags;

	if (device->settings.checksum_off) {
		*flags &= ~(uint32_t)(VIF_CSUM_V4 | VIF_CSUM_V6);
		*flags |= VIF_TX_CSUM_OFF;
	}
	if (!(*flags & VIF_CSUM_V4) || !(*flags & VIF_SG))
		*flags &= ~(uint32_t)VIF_GSO_TCPV4;
	if (!(*flags & VIF_CSUM_V6) || !(*flags & VIF_SG))
		*flags &= ~(uint32_t)VIF_GSO_TCPV6;
}

/* --- the toolstack's word ---------------------------------------------------------------------- */

static int spoof_read(struct device *device, char wrong[WRONG_KEY_MAX])
{
	struct vif_params *params = &device->params.vif;
	char text[1024] = "";
	int r;

	if (store_text(store_of(device), device->backend, "mac", text, sizeof(text)) == 0 &&
			vifkeys_mac(text, params->mac))
		return fe_refuse("mac", wrong, -EINVAL);
	if (!device->settings.anti_spoof)
		return 0;
	if (text[0] == 0)
		return fe_refuse("mac", wrong, -ENOENT);
	params->flags |= VIF_ANTI_SPOOF_MAC;
	r = store_text(store_of(device), device->backend, "ip", text, sizeof(text));
	if (r == -ENOENT || (r == 0 && text[0] == 0))
		return 0;
	if (r)		/* too long a list: not to be taken for none */
		return fe_refuse("ip", wrong, r);
	params->flags |= VIF_ANTI_SPOOF_IP;
	return vifkeys_addresses(text, params) ? fe_refuse("ip", wrong, -EINVAL) : 0;
}

/* A rate that cannot be read is no rate: the guest is not to lose its network for it. */
static void limit_read(struct device *device, const char *key, struct vif_limit *limit)
{
	*limit = (struct vif_limit) { 0 };
	if (store_text(store_of(device), device->backend, key, limit->text, sizeof(limit->text)))
		limit->text[0] = 0;
	if (limit->text[0] && vifkeys_rate(limit->text, &limit->bytes, &limit->usec))
		limit->bytes = limit->usec = 0;
}

void vif_limits_read(struct device *device, uint32_t rx_kib, struct vif_limit limit[2])
{
	limit_read(device, "rate", &limit[0]);
	limit_read(device, "rate-rx", &limit[1]);
	if (limit[1].text[0] || rx_kib == 0)
		return;
	limit[1].bytes = rx_kib * 1024ull * RX_INTERVAL_USEC / 1000000;
	limit[1].usec = RX_INTERVAL_USEC;
	snprintf(limit[1].text, sizeof(limit[1].text), "%" PRIu64 ",%u", limit[1].bytes, limit[1].usec);
}

void vif_limits_keep(struct vif *vif, const struct vif_limit limit[2])
{
	struct vif_params *params = &vif->device.params.vif;

	memcpy(vif->limit, limit, sizeof(vif->limit));
	params->tx_rate_bytes = limit[0].bytes;
	params->tx_rate_usec = limit[0].usec;
	params->rx_rate_bytes = limit[1].bytes;
	params->rx_rate_usec = limit[1].usec;
}

int vif_negotiate(struct device *device, char wrong[WRONG_KEY_MAX])
{
	struct vif_params *params = &device->params.vif;
	struct vif_limit limit[2];
	uint32_t copy = 0;
	int r = fe_option(device, "request-rx-copy", 0, 1, &copy, wrong);

	if (r == 0 && !copy)
		r = fe_refuse("request-rx-copy", wrong, -EOPNOTSUPP);
	if (r == 0)
		r = queues_read(device, wrong);
	if (r == 0)
		r = ctrl_read(device, wrong);
	if (r == 0)
		r = features_read(device, wrong);
	if (r == 0)
		r = vif_xdp_read(device, wrong);
	if (r == 0)
		r = spoof_read(device, wrong);
	if (r)
		return r;
	features_agree(device);
	params->mtu = 1500;
	store_u32(store_of(device), device->backend, "mtu", 68, 65521, &params->mtu);
	params->rx_drain_msec = params->flags & VIF_RX_NOTIFY ? device->settings.drain_msec :
			RX_DRAIN_BLIND_MSEC;
	params->rx_stall_msec = device->settings.stall_msec;
	vif_limits_read(device, device->settings.rx_kib, limit);
	vif_limits_keep(vif_of(device), limit);
	return 0;
}
