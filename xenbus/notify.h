/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The few bytes of sd_notify(3) that we need.
 */
#ifndef XENBUS_NOTIFY_H
#define XENBUS_NOTIFY_H

/* Tells systemd `text`, NAME=VALUE lines, where it has started us and wants to know. */
void notify_systemd(const char *text);

#endif
