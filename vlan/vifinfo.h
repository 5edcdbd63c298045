/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known about the guest behind a vif, from files that the backend's control keeps in
 * RUN_DIR/vif-DOMID-DEVID/: `ifindex`, `name`, `mac`, `rate` and `rate-rx`, one line
 * each. Any of them may be missing.
 */
#ifndef VLAN_VIFINFO_H
#define VLAN_VIFINFO_H

#define VIFINFO_BYTES 64

struct vifinfo {
	char name[VIFINFO_BYTES];	/* of the guest; "" where not known, as below */
	char mac[VIFINFO_BYTES];
	char rate[VIFINFO_BYTES];	/* for a person: "1.25 MB/s", ", rx 10 MB/s" of what it receives */
};

/*
 * Reads what there is about the link `port` of number `ifindex`: a vif by the number that control has
 * written down, whatever its name is now; where it has written none, one called vif<DOMID>.<DEVID>.
 */
void vifinfo_read(
	const char *run_dir, const char *port, unsigned int ifindex, struct vifinfo *info);

/* Both directions' in one cell: "1.25 MB/s, rx 10 MB/s"; "" where there is none. */
void rates_format(const char *sends, const char *receives, char out[VIFINFO_BYTES]);

/* Turns "BYTES,MICROSECONDS" (xenstore's rate) into a rate per second; any other text stays. */
void rate_format(const char *text, char out[VIFINFO_BYTES]);

#endif
