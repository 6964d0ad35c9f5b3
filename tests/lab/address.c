// SPDX-License-Identifier: MIT
/**
 * @file address.c
 * @brief Addresses, as structs and as texts.
 */

#include "address.h"
#include "text.h"

#include <arpa/inet.h>

struct sockaddr_in address(const char *ip, int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((in_port_t)port)};
    if (inet_pton(AF_INET, ip, &a.sin_addr) != 1)
        a.sin_family = AF_UNSPEC; // equal to no address
    return a;
}

const char *port_text(struct sockaddr_in a)
{
    return text("%d", ntohs(a.sin_port));
}

const char *show_address(struct sockaddr_in a)
{
    char ip[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &a.sin_addr, ip, sizeof ip);
    return text("%s:%d", ip, ntohs(a.sin_port));
}

const char *show_any_address(const struct sockaddr_storage *any)
{
    char ip[INET6_ADDRSTRLEN] = "";

    if (any->ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)any;
        inet_ntop(AF_INET6, &six->sin6_addr, ip, sizeof ip);
        return text("[%s]:%d", ip, ntohs(six->sin6_port));
    }
    return show_address(*(const struct sockaddr_in *)any);
}
