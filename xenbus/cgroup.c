/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control groups. Trusts /proc/self/cgroup and systemd's mark of delegation; promises to touch no group
 * that is not marked. A group whose children have controllers may hold no process itself (cgroups(7)), so
 * that we move into a group of our own, with all workers that are there, before the first one gets limits.
 */
#include "xenbus/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MOUNT "/sys/fs/cgroup"
#define MAGIC 0x63677270	/* CGROUP2_SUPER_MAGIC, linux/magic.h */
#define OWN_NAME "control"

/* Our group's path below the mount: the line "0::/PATH". */
static bool own_path(char path[PATH_MAX])
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		found = strncmp(line, "0::", 3) == 0 &&
			snprintf(path, PATH_MAX, "%s%s", MOUNT, line + 3) < PATH_MAX;
	}
	if (file)
		fclose(file);
	return found;
}

static bool marked(const char *path, const char *mark)
{
	char value;

	return getxattr(path, mark, &value, 1) == 1 && value == '1';
}

void cgroups_open(struct cgroups *cgroups, const char *given)
{
	char path[PATH_MAX];
	struct statfs fs;

	*cgroups = (struct cgroups) { .dir = -1 };
	if (!given) {
		if (statfs(MOUNT, &fs) || fs.f_type != MAGIC || !own_path(path))
			return;
		if (!marked(path, "trusted.delegate") && !marked(path, "user.delegate"))
			return;
		given = path;
	}
	cgroups->dir = open(given, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int put(int dir, const char *file, const char *text)
{
	int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* A limit of 0 is none. A controller that the host does not have is left out. */
static int limit(int dir, const char *file, uint32_t value, const char *suffix)
{
	char text[16];
	int r;

	if (value == 0)
		return 0;
	snprintf(text, sizeof(text), "%u%s", value, suffix);
	r = put(dir, file, text);
	return r == -ENOENT ? 0 : r;
}

static int group_open(const struct cgroups *cgroups, const char *name)
{
	int dir;

	if (mkdirat(cgroups->dir, name, 0755) && errno != EEXIST)
		return -errno;
	dir = openat(cgroups->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return dir < 0 ? -errno : dir;
}

/*
 * Workers that were started in our group before any had limits: as long as one of them is there, the
 * kernel refuses every controller (EBUSY). One that ends meanwhile needs no move.
 */
static void workers_move(int from, int to)
{
	int fd = openat(from, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[16];

	while (file && fgets(line, sizeof(line), file))
		put(to, "cgroup.procs", line);
	if (file)
		fclose(file);
}

static int ready(struct cgroups *cgroups)
{
	static const char *const controllers[] = { "+cpu", "+io", "+memory" };
	int own, r;

	if (cgroups->ready)
		return 0;
	own = group_open(cgroups, OWN_NAME);
	if (own < 0)
		return own;
	r = put(own, "cgroup.procs", "0");
	workers_move(cgroups->dir, own);
	close(own);
	if (r)
		return r;
	/* One by one: one that the host lacks does not keep the others away. */
	for (unsigned int i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++)
		put(cgroups->dir, "cgroup.subtree_control", controllers[i]);
	cgroups->ready = true;
	return 0;
}

int cgroup_join(struct cgroups *cgroups, const char *name, pid_t pid, const struct settings *settings)
{
	char number[16];
	int dir, r;

	if (!settings->memory_mib && !settings->cpu_weight && !settings->io_weight)
		return 0;
	if (cgroups->dir < 0)
		return -ENOTSUP;
	r = ready(cgroups);
	if (r)
		return r;
	dir = group_open(cgroups, name);
	if (dir < 0)
		return dir;
	snprintf(number, sizeof(number), "%d", (int)pid);
	r = limit(dir, "memory.max", settings->memory_mib, "M");
	if (r == 0)
		r = limit(dir, "cpu.weight", settings->cpu_weight, "");
	if (r == 0)
		r = limit(dir, "io.weight", settings->io_weight, "");
	if (r == 0)
		r = put(dir, "cgroup.procs", number);
	close(dir);
	return r;
}

void cgroup_leave(const struct cgroups *cgroups, const char *name)
{
	if (cgroups->dir >= 0)
		unlinkat(cgroups->dir, name, AT_REMOVEDIR);
}
