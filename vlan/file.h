/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files: read whole, and the lock that keeps two changers of bridges apart. */
#ifndef VLAN_FILE_H
#define VLAN_FILE_H

#include <stddef.h>

#define FILE_BYTES_MAX (4u << 20)
#define RUN_DIR "/run/xenback"
#define LOCK_FILE "/run/vlanbr.lock"

/*
 * Reads a file; the caller frees *text, which ends in a 0 that *bytes does not count.
 * -EFBIG	more than FILE_BYTES_MAX
 * -EISDIR	not a file; otherwise the errno of open(2) or read(2)
 */
int file_read(const char *path, char **text, size_t *bytes);

/*
 * Takes the lock, waiting for it; it ends with the process. In the same step signals that would end
 * the process are held back, so that no change is left half done.
 */
int lock_take(void);

#endif
