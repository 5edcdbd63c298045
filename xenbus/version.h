/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things are when nobody says otherwise.
 */
#ifndef XENBUS_VERSION_H
#define XENBUS_VERSION_H

#include "build.h"	/* made by the Makefile: PREFIX, XENBACK_VERSION */

#define DEFAULT_CONFIG "/etc/xenback/xenback.conf"
#define DEFAULT_RUN "/run/xenback"
#define DEFAULT_LIBEXEC PREFIX "/libexec/xenback"

#endif
