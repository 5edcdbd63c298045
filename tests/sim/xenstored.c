/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into Debian's xenstored: the three libxenctrl calls it makes, and the two files of
 * /proc/xen that tell it where its own domain's ring is. Everything else it does is its own.
 */
#include "table.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <xenctrl.h>

xc_interface *xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild_logger,
		unsigned open_flags)
{
	return (xc_interface *)sim_table();	/* never looked into */
}

int xc_interface_close(xc_interface *xch)
{
	return 0;
}

int xc_domain_getinfo(xc_interface *xch, uint32_t first_domid, unsigned int max_doms, xc_dominfo_t *info)
{
	const struct sim_domain *domain = sim_domain(first_domid);

	if (!domain)
		return 0;
	memset(info, 0, sizeof(*info));
	info->domid = first_domid;
	info->dying = domain->state == SIM_DOMAIN_DYING;
	info->running = !info->dying;
	return 1;
}

/* xsd_kva: a page that nobody uses, Dom0's clients come by socket. xsd_port: a port made for it. */
static int proc_xen_open(const char *path)
{
	int fd = memfd_create("proc-xen", 0);

	if (strcmp(path, "/proc/xen/xsd_kva") == 0) {
		if (ftruncate(fd, (off_t)SIM_PAGE))
			return -1;
	} else {
		dprintf(fd, "%u", sim_table()->xenstore_port);
		lseek(fd, 0, SEEK_SET);
	}
	return fd;
}

static int open_redirected(const char *symbol, const char *path, int flags, mode_t mode)
{
	int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, symbol);

	if (strncmp(path, "/proc/xen/xsd_", 14) == 0)
		return proc_xen_open(path);
	return real(path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return open_redirected("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return open_redirected("open64", path, flags, mode);
}
