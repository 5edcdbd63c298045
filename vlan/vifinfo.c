/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small files of the run directory. Written by root; shown as they are, without control bytes.
 */
#include "vlan/vifinfo.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void line_read(
	const char *run_dir, const char *device, const char *name, char to[VIFINFO_BYTES])
{
	char path[512];
	FILE *file;

	to[0] = 0;
	snprintf(path, sizeof(path), "%s/%s/%s", run_dir, device, name);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	if (fgets(to, VIFINFO_BYTES, file) == NULL)
		to[0] = 0;
	fclose(file);
	for (char *c = to; *c; c++) {
		if (iscntrl((unsigned char)*c))
			*c = 0;
	}
}

void rate_format(const char *text, char out[VIFINFO_BYTES])
{
	static const char *const units[] = { "B/s", "KB/s", "MB/s", "GB/s" };
	unsigned long long bytes, usec;
	unsigned int unit = 0;
	double rate;

	if (sscanf(text, "%llu,%llu", &bytes, &usec) != 2 || usec == 0) {
		snprintf(out, VIFINFO_BYTES, "%.63s", text);
		return;
	}
	rate = (double)bytes * 1e6 / (double)usec;
	for (; rate >= 1000 && unit < 3; unit++)
		rate /= 1000;
	snprintf(out, VIFINFO_BYTES, "%.4g %s", rate, units[unit]);
}

void rates_format(const char *sends, const char *receives, char out[VIFINFO_BYTES])
{
	char rx[VIFINFO_BYTES];
	size_t length;

	rate_format(sends, out);
	if (receives[0] == 0)
		return;
	rate_format(receives, rx);
	length = strlen(out);
	snprintf(out + length, VIFINFO_BYTES - length, "%srx %s", length ? ", " : "", rx);
}

void vifinfo_read(const char *run_dir, const char *port, struct vifinfo *info)
{
	unsigned int domid, devid;
	char device[32], rate[VIFINFO_BYTES], rx_rate[VIFINFO_BYTES];
	int length = 0;

	memset(info, 0, sizeof(*info));
	if (sscanf(port, "vif%u.%u%n", &domid, &devid, &length) != 2 || port[length])
		return;
	snprintf(device, sizeof(device), "vif-%u-%u", domid, devid);
	line_read(run_dir, device, "name", info->name);
	line_read(run_dir, device, "mac", info->mac);
	line_read(run_dir, device, "rate", rate);
	line_read(run_dir, device, "rate-rx", rx_rate);
	rates_format(rate, rx_rate, info->rate);
}
