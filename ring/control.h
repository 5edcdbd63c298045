/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line between control (xenbackd) and a worker (blkback, netback): which descriptors a worker
 * is born with, the parameters of its one connection, and the messages on its socket.
 *
 * Control has checked every number here against its range; the worker checks the shape again
 * (params_check), because a params file may come from another version of control.
 */
#ifndef RING_CONTROL_H
#define RING_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

/*
 * Descriptors of a new worker. WORKER_FD_BACKING and those after it belong to the device: one disk
 * (vbd; absent for a CD-ROM without a medium: then the number is closed), or one tap queue per
 * queue of the vif, and behind them, where there is one, the page of ring/steer.h.
 */
enum worker_fd {
	WORKER_FD_SOCK = 3,	/* listening AF_UNIX SOCK_SEQPACKET; the worker accepts on it */
	WORKER_FD_PARAMS = 4,	/* struct device_params, read-only */
	WORKER_FD_JOURNAL = 5,	/* shared memory file of journal_bytes(), see journal.h */
	WORKER_FD_STATS = 6,	/* shared memory file of one page, see stats.h */
	WORKER_FD_BACKING = 7,
};

enum device_kind {
	DEVICE_VBD = 1,
	DEVICE_VIF = 2,
};

#define DOMID_LAST 0x7fefu	/* DOMID_FIRST_RESERVED - 1, xen/xen.h */
#define PARAMS_VERSION 1
#define PARAMS_MAGIC 0x58425031u	/* "XBP1" */
#define QUEUES_MAX 8
#define RING_ORDER_MAX 4		/* 16 pages: XENBUS_MAX_RING_GRANT_ORDER of Linux */
#define RING_PAGES_MAX (1u << RING_ORDER_MAX)

/* One shared ring: its grant references in order, and the frontend's event-channel port. */
struct ring_params {
	uint32_t port;
	uint32_t pages;			/* 1, 2, 4, 8 or 16; 0: this ring is not used */
	uint32_t gref[RING_PAGES_MAX];
};

/* A vbd queue uses ring[0]. A vif queue: ring[0] is tx, ring[1] is rx; equal ports: not split. */
struct queue_params {
	struct ring_params ring[2];
};

enum blkif_abi {
	BLKIF_ABI_NATIVE = 0,	/* also what "x86_64-abi" means on x86_64 */
	BLKIF_ABI_X86_32 = 1,
	BLKIF_ABI_X86_64 = 2,
};

enum vbd_flags {
	VBD_READ_ONLY = 1 << 0,
	VBD_FLUSH = 1 << 1,		/* feature-flush-cache and feature-barrier were advertised */
	VBD_DISCARD = 1 << 2,
	VBD_DISCARD_SECURE = 1 << 3,
	VBD_PERSISTENT = 1 << 4,	/* both ends said feature-persistent */
	VBD_NO_MEDIUM = 1 << 5,		/* an empty CD-ROM: every request is answered with an error */
	VBD_BLOCK_DEVICE = 1 << 6,	/* the backing is a block device: BLKDISCARD, not fallocate */
	VBD_BY_HAND = 1 << 7,		/* mapped pages are copied, not shown to the disk: blkback/move.h */
};

struct vbd_params {
	uint32_t abi;			/* enum blkif_abi */
	uint32_t flags;			/* enum vbd_flags */
	uint64_t bytes;			/* capacity, a multiple of sector_bytes */
	uint32_t sector_bytes;		/* logical block size: vbd_sector_fits() */
	uint32_t indirect_max;		/* segments advertised, 0 or 11..256 */
	uint32_t pool_bytes;		/* data pool of the whole device, a multiple of 4096 */
	uint32_t aio_depth;		/* requested depth of each kernel AIO context */
	uint64_t discard_granularity;	/* bytes */
	char engine[64];		/* "aio", "null", or "fault:SPEC:aio"; see blkback/engine */
};

enum vif_flags {
	VIF_SG = 1 << 0,		/* frontend takes scatter-gather on rx */
	VIF_GSO_TCPV4 = 1 << 1,
	VIF_GSO_TCPV6 = 1 << 2,
	VIF_CSUM_V4 = 1 << 3,		/* frontend takes packets without an IPv4 checksum */
	VIF_CSUM_V6 = 1 << 4,
	VIF_RX_NOTIFY = 1 << 5,
	VIF_MULTICAST_CONTROL = 1 << 6,
	VIF_TX_CSUM_OFF = 1 << 7,	/* administrator: no checksum offload in either direction */
	VIF_ANTI_SPOOF_MAC = 1 << 8,
	VIF_ANTI_SPOOF_IP = 1 << 9,
	VIF_SPLIT = 1 << 10,		/* tx and rx have ports of their own */
};

#define VIF_ADDRESSES_MAX 16

/* One address or network a guest may send from, network byte order, IPv4 in the last 4 bytes. */
struct vif_address {
	uint8_t family;			/* 4 or 6 */
	uint8_t prefix;			/* bits */
	uint8_t bytes[16];
};

struct vif_params {
	uint32_t flags;			/* enum vif_flags */
	uint32_t mtu;
	uint32_t xdp_headroom;		/* bytes the frontend asks for, 0..32767 */
	uint8_t mac[6];			/* the frontend's, as the toolstack assigned it */
	uint16_t addresses;
	struct vif_address address[VIF_ADDRESSES_MAX];
	uint64_t tx_rate_bytes;		/* credit per interval, guest to host; 0: unlimited */
	uint32_t tx_rate_usec;
	uint32_t rx_rate_usec;
	uint64_t rx_rate_bytes;		/* host to guest; 0: unlimited */
	uint32_t rx_drain_msec;		/* packets wait so long for the guest, then they are dropped */
	uint32_t rx_stall_msec;		/* and after so long the guest counts as stalled */
	struct ring_params ctrl;	/* control ring; pages 0: none */
};

struct device_params {
	uint32_t magic;			/* PARAMS_MAGIC */
	uint32_t version;		/* PARAMS_VERSION */
	uint32_t kind;			/* enum device_kind */
	uint32_t domid;			/* frontend's, 0..DOMID_LAST */
	uint32_t devid;
	uint32_t uid, gid;		/* what the worker becomes; 0 only where control is not root */
	uint32_t queues;		/* 1..QUEUES_MAX */
	uint64_t generation;		/* of the backend directory; never 0 */
	struct queue_params queue[QUEUES_MAX];
	union {
		struct vbd_params vbd;
		struct vif_params vif;
	};
};

/*
 * Is this a set of parameters a worker can run with? Checks magic, version, every count and every
 * power of two against the limits above; not whether grants or ports exist.
 * Returns NULL, or a sentence that says what is wrong (static storage).
 */
const char *params_check(const struct device_params *params, enum device_kind kind);

/*
 * Sectors that we serve, of so many bytes: 512, 2048 (CD drives) or 4096. A whole number of the ring's 512,
 * and a page holds a whole number of them.
 */
bool vbd_sector_fits(uint32_t bytes);

/* Reads WORKER_FD_PARAMS whole. Returns 0, -EINVAL for a wrong size, or -errno of read(2). */
int params_read(int fd, struct device_params *params);

/* Ring slots of a blkif ring of that many pages: 32 a page, in every ABI (io/ring.h). */
uint32_t blkif_ring_slots(uint32_t pages);

/*
 * Bytes of a vbd's journal record: the largest request slot of any ABI (112) and the indirect
 * segments (8 bytes each) that its pages named. Control sizes the journal with it:
 * journal_bytes(queues, blkif_ring_slots(pages), vbd_record_bytes(indirect_max)).
 */
uint32_t vbd_record_bytes(uint32_t indirect_max);

/*
 * Messages. Each is one SOCK_SEQPACKET record of exactly this size, in either direction; a record
 * of another size or version is ignored by both ends. Only root can connect to the socket.
 */
#define CONTROL_VERSION 1

enum control_type {
	/* control to worker */
	CONTROL_DRAIN = 1,	/* stop consuming, end what is in flight, publish, then DRAINED and exit 0 */
	CONTROL_RESIZE = 2,	/* value: new capacity in bytes */
	CONTROL_RATE = 3,	/* value: bytes per interval, value2: usec; index 0 tx, 1 rx */
	CONTROL_HELLO_PLEASE = 4, /* say CONNECTED again: asked by a control that adopts */
	CONTROL_MULTICAST = 5,	/* value: 1 the frontend asked for multicast control, 0 it stopped */
	CONTROL_XDP = 6,	/* value: new headroom in bytes */
	/* worker to control */
	CONTROL_CONNECTED = 64,	/* the rings are mapped, the sandbox is closed; value: generation */
	CONTROL_DRAINED = 65,	/* nothing in flight, everything published; the worker exits 0 next */
	CONTROL_BROKEN = 66,	/* value 0: the frontend broke the protocol, or a predecessor's journal is
				 * not ours to read: no other try goes better; else the connection cannot
				 * be made, value: the errno, positive. text says how; the worker has
				 * halted and waits for DRAIN */
	CONTROL_LOOK_AGAIN = 67, /* a request went beyond the end: has the backing grown? */
	CONTROL_STALLED = 68,	/* vif: value 1 the guest does not refill rx (carrier off), 0 it does */
	CONTROL_STEER = 69,	/* vif: the guest has set up a hash: from now on the page of steer.h chooses
				 * the tap's queue */
};

struct control_msg {
	uint32_t version;	/* CONTROL_VERSION */
	uint32_t type;		/* enum control_type */
	uint64_t value;
	uint64_t value2;
	uint32_t index;
	uint32_t pad;		/* 0 */
	char text[160];		/* a sentence, NUL-terminated */
};

/*
 * A worker's end of the line: one listening socket, at most one connection, the newest wins.
 * Both descriptors are non-blocking; the owner's epoll watches control_listen_fd() and, when it is
 * not -1, control_fd().
 */
struct control_line {
	int listen_fd;
	int fd;			/* -1: nobody is connected */
};

/* Takes over a connection that waits on the listening socket. 0, or -errno of accept4(2). */
int control_accept(struct control_line *line);

/*
 * One message, if there is one. Returns 1 with *msg filled, 0 when there is none, or the peer has
 * gone (then fd is closed and -1).
 */
int control_receive(struct control_line *line, struct control_msg *msg);

/*
 * Sends a message; text may be NULL. Never blocks. Returns 0, -ENOTCONN when nobody is connected,
 * -errno of send(2) otherwise: control learns the state again when it asks HELLO_PLEASE.
 */
int control_send(struct control_line *line, enum control_type type, uint64_t value, const char *text);

/* The same for a message with more than one number in it; its version is filled in. */
int control_send_msg(struct control_line *line, struct control_msg *msg);

#endif
