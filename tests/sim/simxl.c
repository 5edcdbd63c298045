/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libxl does to xenstore when a device comes and goes: the same keys, permissions and order, in
 * one transaction; the same waits (state exactly 2, then the script, state 6 at the end) and time
 * limits. usage: see the end of this file, or run it without arguments.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <xenstore.h>

#define TIMEOUT_MS 10000	/* LIBXL_INIT_TIMEOUT and LIBXL_DESTROY_TIMEOUT */

static struct xs_handle *xs;
static xs_transaction_t txn;
static const char *script = "/etc/xen/scripts/block";
static bool no_script;

struct device {
	const char *kind;	/* vbd, vif */
	unsigned int domid, devid;
	char fe[128], be[128], libxl[128];
};

static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("simxl: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static void device_paths(struct device *d, const char *kind, unsigned int domid, unsigned int devid)
{
	d->kind = kind;
	d->domid = domid;
	d->devid = devid;
	snprintf(d->fe, sizeof(d->fe), "/local/domain/%u/device/%s/%u", domid, kind, devid);
	snprintf(d->be, sizeof(d->be), "/local/domain/0/backend/%s/%u/%u", kind, domid, devid);
	snprintf(d->libxl, sizeof(d->libxl), "/libxl/%u/device/%s/%u", domid, kind, devid);
}

static void put(const char *dir, const char *key, const char *fmt, ...)
{
	char path[256], value[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	snprintf(path, sizeof(path), "%s/%s", dir, key);
	xs_write(xs, txn, path, value, (unsigned int)strlen(value));
}

/* A key of the backend, and its copy below /libxl. */
#define put_be(d, key, ...) (put((d)->be, key, __VA_ARGS__), put((d)->libxl, key, __VA_ARGS__))

static char *get(const char *dir, const char *key)
{
	char path[256];
	unsigned int len;

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	return xs_read(xs, txn, path, &len);
}

/* Owner without rights for others, and one reader. */
static void permit(const char *path, unsigned int owner, unsigned int reader)
{
	struct xs_permissions perms[2] = {
		{ .id = owner, .perms = XS_PERM_NONE },
		{ .id = reader, .perms = XS_PERM_READ },
	};

	xs_set_permissions(xs, txn, path, perms, 2);
}

static void dirs_make(struct device *d)
{
	xs_rm(xs, txn, d->libxl);
	xs_mkdir(xs, txn, d->libxl);
	put(d->libxl, "frontend", "%s", d->fe);
	put(d->libxl, "backend", "%s", d->be);
	xs_rm(xs, txn, d->fe);
	xs_mkdir(xs, txn, d->fe);
	permit(d->fe, d->domid, 0);
	put(d->fe, "backend", "%s", d->be);
	xs_rm(xs, txn, d->be);
	xs_mkdir(xs, txn, d->be);
	permit(d->be, 0, d->domid);
	put_be(d, "frontend", "%s", d->fe);
}

static bool state_is(const struct device *d, const char *want)
{
	char *state = get(d->be, "state");
	bool is = state && strcmp(state, want) == 0;

	free(state);
	return is;
}

static bool state_wait(const struct device *d, const char *want, int ms)
{
	const struct timespec nap = { 0, 2000000 };

	for (int waited = 0; waited < ms; waited += 2) {
		if (state_is(d, want))
			return true;
		nanosleep(&nap, NULL);
	}
	return false;
}

static int script_run(const struct device *d, const char *verb, const char *argument)
{
	char path[64], vif[32];
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		snprintf(path, sizeof(path), "backend/%s/%u/%u", d->kind, d->domid, d->devid);
		snprintf(vif, sizeof(vif), "vif%u.%u", d->domid, d->devid);
		setenv("script", script, 1);
		setenv("XENBUS_TYPE", d->kind, 1);
		setenv("XENBUS_PATH", path, 1);
		setenv("XENBUS_BASE_PATH", "backend", 1);
		if (strcmp(d->kind, "vif") == 0) {
			setenv("vif", vif, 1);
			setenv("netdev", "", 1);
		}
		dup2(2, 1);
		execl(script, script, verb, argument, NULL);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What the stock block script would report, without its loop device. */
static void disk_report(const struct device *d, const char *target)
{
	struct stat st;

	if (*target && stat(target, &st) == 0 && S_ISBLK(st.st_mode))
		put(d->be, "physical-device", "%x:%x", major(st.st_rdev), minor(st.st_rdev));
	if (*target)
		put(d->be, "physical-device-path", "%s", target);
	put(d->be, "hotplug-status", "connected");
}

static int device_ready(struct device *d, const char *verb, const char *argument, const char *target)
{
	char *error;

	if (!state_wait(d, "2", TIMEOUT_MS)) {
		fprintf(stderr, "simxl: unable to add device with path %s: not at state 2 within 10 s\n", d->be);
		return 1;
	}
	if (no_script) {
		disk_report(d, target);
		return 0;
	}
	if (script_run(d, verb, argument) == 0)
		return 0;
	error = get(d->be, "hotplug-error");
	fprintf(stderr, "simxl: script: %s\n", error ? error : "failed without saying why");
	free(error);
	return 1;
}

/* xvda, hda1, sda1, or a number. */
static unsigned int disk_number(const char *vdev)
{
	unsigned int disk, part = 0;
	char *end;

	if (strlen(vdev) < 3 || vdev[2] < 'a' || vdev[2] > 'z') {
		disk = (unsigned int)strtoul(vdev, &end, 10);
		if (*end == 0 && end != vdev)
			return disk;
	}
	disk = (unsigned int)(vdev[0] == 'x' ? vdev[3] - 'a' : vdev[2] - 'a');
	part = (unsigned int)atoi(vdev + (vdev[0] == 'x' ? 4 : 3));
	if (strncmp(vdev, "xvd", 3) == 0)
		return disk <= 15 && part <= 15 ? 202u << 8 | disk << 4 | part :
			1u << 28 | disk << 8 | part;
	if (strncmp(vdev, "hd", 2) == 0)
		return (disk < 2 ? 3u : 22u) << 8 | (disk & 1) << 6 | part;
	if (strncmp(vdev, "sd", 2) == 0)
		return 8u << 8 | disk << 4 | part;
	die("unknown disk name %s", vdev);
	return 0;
}

struct disk {
	char target[512], vdev[32], mode[8];
	bool cdrom, no_discard;
};

/* TARGET,VDEV,MODE[,cdrom][,no-discard][,script=PATH] with an optional phy: or file: in front. */
static void disk_parse(char *spec, struct disk *disk)
{
	const char *target = strsep(&spec, ","), *vdev = strsep(&spec, ","), *mode = strsep(&spec, ",");
	char *option;

	if (!vdev || !mode)
		die("a disk is TARGET,VDEV,MODE");
	if (strncmp(target, "phy:", 4) == 0)
		target += 4;
	if (strncmp(target, "file:", 5) == 0)
		target += 5;
	snprintf(disk->target, sizeof(disk->target), "%s", target);
	snprintf(disk->vdev, sizeof(disk->vdev), "%s", vdev);
	snprintf(disk->mode, sizeof(disk->mode), "%s", mode);
	while ((option = strsep(&spec, ","))) {
		disk->cdrom |= strcmp(option, "cdrom") == 0;
		disk->no_discard |= strcmp(option, "no-discard") == 0;
		if (strncmp(option, "script=", 7) == 0)
			script = option + 7;
	}
}

static void disk_keys(struct device *d, const struct disk *disk)
{
	put_be(d, "params", "%s", disk->target);
	put_be(d, "script", "%s", script);
	put_be(d, "frontend-id", "%u", d->domid);
	put_be(d, "online", "1");
	put_be(d, "removable", "%d", disk->cdrom);
	put_be(d, "bootable", "1");
	put_be(d, "state", "1");
	put_be(d, "dev", "%s", disk->vdev);
	put_be(d, "type", "phy");
	put_be(d, "mode", "%s", disk->mode);
	put_be(d, "device-type", "%s", disk->cdrom ? "cdrom" : "disk");
	put_be(d, "discard-enable", "%d", !disk->no_discard && disk->mode[0] == 'w');
	put_be(d, "specification", "xen");
	put(d->fe, "backend-id", "0");
	put(d->fe, "state", "1");
	put(d->fe, "virtual-device", "%u", d->devid);
	put(d->fe, "device-type", "%s", disk->cdrom ? "cdrom" : "disk");
	put(d->fe, "trusted", "1");
}

static int disk_attach(unsigned int domid, char *spec)
{
	struct disk disk = { .cdrom = false };
	struct device d;

	disk_parse(spec, &disk);
	device_paths(&d, "vbd", domid, disk_number(disk.vdev));
	txn = 0;
	if (xs_directory(xs, 0, d.libxl, &(unsigned int) { 0 }))
		die("device already exists in domain %u: %s", domid, disk.vdev);
	do {
		txn = xs_transaction_start(xs);
		dirs_make(&d);
		disk_keys(&d, &disk);
	} while (!xs_transaction_end(xs, txn, false) && errno == EAGAIN);
	txn = 0;
	return device_ready(&d, "add", NULL, disk.target);
}

/* mac=..,bridge=..,KEY=VALUE...: every key goes to the backend, mac to both sides. */
static int vif_attach(unsigned int domid, unsigned int devid, const char *spec)
{
	struct device d;
	char copy[1024], *rest, *option;

	device_paths(&d, "vif", domid, devid);
	do {
		rest = copy;
		snprintf(copy, sizeof(copy), "%s", spec);
		txn = xs_transaction_start(xs);
		dirs_make(&d);
		put_be(&d, "frontend-id", "%u", domid);
		put_be(&d, "online", "1");
		put_be(&d, "state", "1");
		put_be(&d, "script", "%s", script);
		put_be(&d, "handle", "%u", devid);
		put_be(&d, "type", "vif");
		while ((option = strsep(&rest, ","))) {
			char *equals = strchr(option, '=');

			if (!equals)
				die("a vif option is KEY=VALUE, not %s", option);
			*equals = 0;
			if (strcmp(option, "script") == 0)
				script = strdup(equals + 1);
			put_be(&d, option, "%s", equals + 1);
			if (strcmp(option, "mac") == 0 || strcmp(option, "mtu") == 0)
				put(d.fe, option, "%s", equals + 1);
		}
		put_be(&d, "hotplug-status", "");
		put(d.fe, "backend-id", "0");
		put(d.fe, "state", "1");
		put(d.fe, "handle", "%u", devid);
		put(d.fe, "trusted", "1");
	} while (!xs_transaction_end(xs, txn, false) && errno == EAGAIN);
	txn = 0;
	return device_ready(&d, "online", "type_if=vif", "");
}

/* Removes a directory and those above it that it leaves empty, as libxl does. */
static void path_cleanup(const char *path)
{
	char parent[256];
	char *slash;

	xs_rm(xs, 0, path);
	snprintf(parent, sizeof(parent), "%s", path);
	while ((slash = strrchr(parent, '/')) && slash != parent) {
		unsigned int n = 1;
		char **entries;

		*slash = 0;
		if (strcmp(parent, "/local/domain/0/backend") == 0 || strncmp(parent, "/libxl", 6) == 0)
			return;
		entries = xs_directory(xs, 0, parent, &n);
		free(entries);
		if (!entries || n)
			return;
		xs_rm(xs, 0, parent);
	}
}

static int device_remove(struct device *d, bool force)
{
	char *state;
	bool gone, closed;

	do {
		txn = xs_transaction_start(xs);
		if (force)
			xs_rm(xs, txn, d->fe);
		state = get(d->be, "state");
		gone = state == NULL;
		closed = state && strcmp(state, "6") == 0;
		free(state);
		if (!gone)
			put(d->be, "online", "0");
		if (!gone && !closed)
			put(d->be, "state", "5");
	} while (!xs_transaction_end(xs, txn, false) && errno == EAGAIN);
	txn = 0;
	if (!gone && !state_wait(d, "6", TIMEOUT_MS)) {
		fprintf(stderr, "simxl: unable to remove device with path %s\n", d->be);
		if (!force)
			return 1;
	}
	if (!no_script && !gone)
		script_run(d, strcmp(d->kind, "vif") ? "remove" : "offline",
				strcmp(d->kind, "vif") ? NULL : "type_if=vif");
	xs_rm(xs, 0, d->fe);
	xs_rm(xs, 0, d->libxl);
	path_cleanup(d->be);
	return 0;
}

/* Every device of a kind, forced, as xl destroy does. */
static int devices_remove(unsigned int domid, const char *kind)
{
	char path[128];
	unsigned int n = 0;
	int bad = 0;
	char **entries;

	snprintf(path, sizeof(path), "/libxl/%u/device/%s", domid, kind);
	entries = xs_directory(xs, 0, path, &n);
	for (unsigned int i = 0; entries && i < n; i++) {
		struct device d;

		device_paths(&d, kind, domid, (unsigned int)atoi(entries[i]));
		bad |= device_remove(&d, true);
	}
	free(entries);
	return bad;
}

static int run(int argc, char **argv)
{
	const char *verb = argv[0];
	unsigned int domid = (unsigned int)atoi(argv[1]);
	bool force = argc > 2 && strcmp(argv[2], "-f") == 0;
	struct device d;

	if (strcmp(verb, "block-attach") == 0 && argc == 3)
		return disk_attach(domid, argv[2]);
	if (strcmp(verb, "network-attach") == 0 && argc >= 3)
		return vif_attach(domid, argc > 3 ? (unsigned int)atoi(argv[3]) : 0, argv[2]);
	if (strcmp(verb, "block-detach") == 0 && argc == 3 + force) {
		device_paths(&d, "vbd", domid, disk_number(argv[argc - 1]));
		return device_remove(&d, force);
	}
	if (strcmp(verb, "network-detach") == 0 && argc == 3 + force) {
		device_paths(&d, "vif", domid, (unsigned int)atoi(argv[argc - 1]));
		/* libxl tries a vif gently first, and by force when that has taken too long. */
		return !force && device_remove(&d, false) == 0 ? 0 : device_remove(&d, true);
	}
	if (strcmp(verb, "destroy") == 0 && argc == 2)
		return devices_remove(domid, "vbd") | devices_remove(domid, "vif");
	return 2;
}

int main(int argc, char **argv)
{
	int status = 2;

	while (argc > 1 && strncmp(argv[1], "--", 2) == 0) {
		if (strcmp(argv[1], "--no-script") == 0) {
			no_script = true;
		} else if (strcmp(argv[1], "--script") == 0 && argc > 2) {
			script = argv[2];
			argv++;
			argc--;
		}
		argv++;
		argc--;
	}
	if (argc > 2) {
		xs = xs_open(0);
		if (!xs)
			die("no xenstore: %s", strerror(errno));
		status = run(argc - 1, argv + 1);
	}
	if (status == 2)
		fprintf(stderr, "usage: simxl [--no-script] [--script PATH] block-attach D TARGET,VDEV,MODE | "
				"block-detach D [-f] VDEV |\n  network-attach D mac=..,bridge=.. [N] | "
				"network-detach D [-f] N | destroy D\n");
	return status;
}
