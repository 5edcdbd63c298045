/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Consecutive TCP segments of one flow as one frame, segmented again where it leaves the host: a
 * frame of many segments costs the kernel and the receiver little more than one segment. Pure;
 * changes headers in private memory only. Joined is only what segmentation gives back as it was.
 */
#ifndef NETBACK_TRAIN_H
#define NETBACK_TRAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>
#include <linux/virtio_net.h>

#define TRAIN_FRAMES_MAX 64u

/* Frames that go in one write. `frames` zero: none, and nothing else here means anything. */
struct train {
	struct virtio_net_hdr header;
	uint32_t frames;
	bool open;		/* another segment may follow */
	uint32_t headers;	/* bytes of a frame in front of the payload */
	uint32_t l3, l4;	/* where the network and the TCP header are */
	uint32_t bytes;		/* of the first frame with all payloads */
	uint32_t next;		/* sequence number of what follows */
	/* [0] is the first frame, without its virtio-net header; the others are payloads. */
	struct iovec part[TRAIN_FRAMES_MAX];
};

/* Begins anew with a frame and its header as offload_to_tap() has filled it. The frame stays the caller's. */
void train_begin(struct train *train, const struct virtio_net_hdr *header, uint8_t *data, uint32_t bytes);

/*
 * A frame after those of the train: true, and it is part of it, or false: it cannot be, and nothing
 * has changed. Its checksum has to be blank, like theirs: a wrong one would be put right otherwise.
 */
bool train_join(struct train *train, const struct virtio_net_hdr *header, uint8_t *data, uint32_t bytes);

/* Before it is sent: the headers of the first frame and train->header speak of the whole. */
void train_finish(struct train *train);

#endif
