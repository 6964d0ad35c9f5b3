// SPDX-License-Identifier: MIT
/**
 * @file address.h
 * @brief Addresses, as structs and as texts.
 */

#ifndef LAB_ADDRESS_H
#define LAB_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

/// IPv4 address and port.
struct sockaddr_in address(const char *ip, int port);
/// "127.0.0.1:4444"
const char *show_address(struct sockaddr_in a);
/// "127.0.0.1:4444", "[::1]:4444"
const char *show_any_address(const struct sockaddr_storage *any);
/// The port as a decimal text, as an argument.
const char *port_text(struct sockaddr_in a);

#endif
