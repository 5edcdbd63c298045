/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things are when nobody says otherwise. PREFIX comes from the Makefile.
 */
#ifndef XENBUS_VERSION_H
#define XENBUS_VERSION_H

#define XENBACK_VERSION "0.1"

#ifndef PREFIX
#define PREFIX "/usr"
#endif

#define DEFAULT_CONFIG "/etc/xenback/xenback.conf"
#define DEFAULT_RUN "/run/xenback"
#define DEFAULT_LIBEXEC PREFIX "/libexec/xenback"

#endif
