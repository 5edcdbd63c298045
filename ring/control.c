/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line to control. Trusts control (root, the only one that can connect); checks shapes all the
 * same, because two versions of the project may meet during an upgrade. Never blocks.
 */
#include "ring/control.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>

/* #syscalls: accept4 recvfrom sendto close */

static const char *ring_check(const struct ring_params *ring)
{
	if (ring->pages == 0 || ring->pages > RING_PAGES_MAX || (ring->pages & (ring->pages - 1)))
		return "a ring has to have 1, 2, 4, 8 or 16 pages";
	if (ring->port == 0)
		return "event-channel port 0 cannot be bound";
	return NULL;
}

static const char *queues_check(const struct device_params *params)
{
	unsigned int rings = params->kind == DEVICE_VIF ? 2 : 1;

	if (params->queues == 0 || params->queues > QUEUES_MAX)
		return "the number of queues has to be 1 to 8";
	for (uint32_t q = 0; q < params->queues; q++) {
		for (unsigned int r = 0; r < rings; r++) {
			const char *wrong = ring_check(&params->queue[q].ring[r]);

			if (wrong)
				return wrong;
		}
	}
	return NULL;
}

bool vbd_sector_fits(uint32_t bytes)
{
	return bytes == 512 || bytes == 2048 || bytes == 4096;
}

static const char *vbd_check(const struct vbd_params *vbd)
{
	if (vbd->abi > BLKIF_ABI_X86_64)
		return "unknown ring ABI";
	if (!vbd_sector_fits(vbd->sector_bytes))
		return "the sector size has to be 512, 2048 or 4096 bytes";
	if (vbd->bytes % vbd->sector_bytes)
		return "the capacity has to be whole sectors";
	if (vbd->indirect_max > 256 || (vbd->indirect_max && vbd->indirect_max < 11))
		return "indirect segments have to be 0 or 11 to 256";
	if (vbd->aio_depth == 0)
		return "the AIO depth has to be at least 1";
	if (vbd->pool_bytes % 4096 || vbd->pool_bytes > (64u << 20))
		return "the data pool has to be whole pages, 64 MiB at most";
	if (memchr(vbd->engine, 0, sizeof(vbd->engine)) == NULL)
		return "the engine's name does not end";
	return NULL;
}

static const char *vif_check(const struct vif_params *vif)
{
	if (vif->mtu < 68 || vif->mtu > 65521)
		return "the MTU has to be 68 to 65521";
	if (vif->xdp_headroom > 0x7fff)
		return "the XDP headroom has to be at most 32767 bytes";
	if (vif->addresses > VIF_ADDRESSES_MAX)
		return "at most 16 addresses";
	if (vif->ctrl.pages)
		return ring_check(&vif->ctrl);
	return NULL;
}

const char *params_check(const struct device_params *params, enum device_kind kind)
{
	const char *wrong;

	if (params->magic != PARAMS_MAGIC || params->version != PARAMS_VERSION)
		return "the parameters are of another version";
	if (params->kind != (uint32_t)kind)
		return "the parameters are of another kind of device";
	if (params->domid > DOMID_LAST)
		return "the domain number is out of range";
	if (params->generation == 0)
		return "generation 0 is never used";
	wrong = queues_check(params);
	if (wrong)
		return wrong;
	return kind == DEVICE_VBD ? vbd_check(&params->vbd) : vif_check(&params->vif);
}

int params_read(int fd, struct device_params *params)
{
	ssize_t got = pread(fd, params, sizeof(*params), 0);

	if (got < 0)
		return -errno;
	return got == sizeof(*params) ? 0 : -EINVAL;
}

uint32_t blkif_ring_slots(uint32_t pages)
{
	return 32 * pages;
}

uint32_t vbd_record_bytes(uint32_t indirect_max)
{
	return 112 + 8 * indirect_max;
}

int control_accept(struct control_line *line)
{
	int fd = accept4(line->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (line->fd >= 0)
		close(line->fd);
	line->fd = fd;
	return 0;
}

int control_receive(struct control_line *line, struct control_msg *msg)
{
	ssize_t got;

	do {
		got = recv(line->fd, msg, sizeof(*msg), MSG_DONTWAIT | MSG_TRUNC);
		if (got == (ssize_t)sizeof(*msg) && msg->version == CONTROL_VERSION) {
			msg->text[sizeof(msg->text) - 1] = 0;
			return 1;
		}
	} while (got > 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	close(line->fd);
	line->fd = -1;
	return 0;
}

int control_send_msg(struct control_line *line, struct control_msg *msg)
{
	msg->version = CONTROL_VERSION;
	if (line->fd < 0)
		return -ENOTCONN;
	if (send(line->fd, msg, sizeof(*msg), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

int control_send(struct control_line *line, enum control_type type, uint64_t value, const char *text)
{
	struct control_msg msg = { .type = type, .value = value };

	if (text)
		strncpy(msg.text, text, sizeof(msg.text) - 1);
	return control_send_msg(line, &msg);
}
