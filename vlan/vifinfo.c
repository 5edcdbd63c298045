/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small files of the run directory. Written by root; shown as they are, without control bytes.
 */
#include "vlan/vifinfo.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DEVICE_BYTES 32

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

/* 0: not said. */
static unsigned int ifindex_of(const char *run_dir, const char *device)
{
	char text[VIFINFO_BYTES];
	unsigned int ifindex;

	line_read(run_dir, device, "ifindex", text);
	return sscanf(text, "%u", &ifindex) == 1 ? ifindex : 0;
}

/* The device that control made a tap of that number for. */
static bool device_numbered(const char *run_dir, unsigned int ifindex, char device[DEVICE_BYTES])
{
	DIR *dir = opendir(run_dir);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "vif-", 4) || strlen(entry->d_name) >= DEVICE_BYTES)
			continue;
		found = ifindex_of(run_dir, entry->d_name) == ifindex;
		strcpy(device, entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The name that it was made with tells too, unless control says that this is another link. */
static bool device_named(
	const char *run_dir, const char *port, unsigned int ifindex, char device[DEVICE_BYTES])
{
	unsigned int domid, devid, said;
	int length = 0;

	if (sscanf(port, "vif%u.%u%n", &domid, &devid, &length) != 2 || port[length])
		return false;
	snprintf(device, DEVICE_BYTES, "vif-%u-%u", domid, devid);
	said = ifindex_of(run_dir, device);
	return said == 0 || said == ifindex;
}

void vifinfo_read(
	const char *run_dir, const char *port, unsigned int ifindex, struct vifinfo *info)
{
	char device[DEVICE_BYTES], rate[VIFINFO_BYTES], rx_rate[VIFINFO_BYTES];

	memset(info, 0, sizeof(*info));
	if (!device_named(run_dir, port, ifindex, device) &&
		!device_numbered(run_dir, ifindex, device))
		return;
	line_read(run_dir, device, "name", info->name);
	line_read(run_dir, device, "mac", info->mac);
	line_read(run_dir, device, "rate", rate);
	line_read(run_dir, device, "rate-rx", rx_rate);
	rates_format(rate, rx_rate, info->rate);
}
