/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kexec KERNEL RAMDISK COMMAND-LINE: starts another Linux in the place of this one, for a guest of
 * the lab that has nothing but busybox. KERNEL is a packed one, as a firmware starts it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/reboot.h>
#include <sys/syscall.h>

int main(int argc, char **argv)
{
	int kernel, ramdisk;

	if (argc != 4) {
		fprintf(stderr, "usage: kexec KERNEL RAMDISK COMMAND-LINE\n");
		return 2;
	}
	kernel = open(argv[1], O_RDONLY | O_CLOEXEC);
	ramdisk = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (kernel < 0 || ramdisk < 0) {
		perror(kernel < 0 ? argv[1] : argv[2]);
		return 1;
	}
	if (syscall(SYS_kexec_file_load, kernel, ramdisk, strlen(argv[3]) + 1, argv[3], 0L)) {
		perror("kexec_file_load");
		return 1;
	}
	syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, NULL);
	perror("reboot");
	return 1;
}
