// SPDX-License-Identifier: MIT
/**
 * @file find.c
 * @brief What counts as a line of PROGRAMS.md: the forms.
 */

#include "find.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/// The numbers of a form: digits, as many as may stand there.
static size_t digits(const char *at, size_t most)
{
    size_t size = strspn(at, "0123456789");
    return size <= most ? size : 0;
}

size_t read_address(const char *from, struct sockaddr_in *a)
{
    const char *at = from;
    unsigned part[5] = {0};

    for (int i = 0; i < 5; i++) {
        size_t size = digits(at, i < 4 ? 3 : 5);
        if (size == 0 || sscanf(at, "%u", &part[i]) != 1 ||
            part[i] > (i < 4 ? 255U : 65535U))
            return 0;
        at += size;
        if (i < 4 && *at++ != (i < 3 ? '.' : ':'))
            return 0;
    }
    *a = (struct sockaddr_in){.sin_family = AF_INET,
                              .sin_port = htons((in_port_t)part[4])};
    a->sin_addr.s_addr =
        htonl(part[0] << 24 | part[1] << 16 | part[2] << 8 | part[3]);
    return (size_t)(at - from);
}

// Each of them is given what stands after the beginning, as a text of its own.

static bool is_address(const char *rest)
{
    struct sockaddr_in a;
    size_t size = read_address(rest, &a);
    return size > 0 && rest[size] == '\0';
}

static bool is_pair(const char *rest)
{
    struct sockaddr_in a;
    size_t size = read_address(rest, &a);
    return size > 0 && strncmp(rest + size, " from ", 6) == 0 &&
           is_address(rest + size + 6);
}

static bool is_descriptor(const char *rest)
{
    size_t size = digits(rest, 10);
    int used = -1;

    return size > 0 && strncmp(rest + size, ": AF_", 5) == 0 &&
           sscanf(rest + size + 5, "%*[^ ] SOCK_%*[^ ]%n", &used) == 0 &&
           used != -1 && rest[size + 5 + (size_t)used] == '\0';
}

static bool is_quoted(const char *rest)
{
    size_t size = strlen(rest);
    return size >= 2 && rest[0] == '"' && rest[size - 1] == '"';
}

static bool is_nothing(const char *rest)
{
    return *rest == '\0';
}

/// NAME is …: what follows the address.
static bool is_trip(const char *rest)
{
    const char *at = rest + strspn(rest, "0123456789abcdef.:");
    const char *echo = ", loopback: Received \"";
    const char *other = ", not loopback: Received \"";

    if (at != rest && strncmp(at, other, strlen(other)) == 0)
        at += strlen(other);
    else if (at != rest && strncmp(at, echo, strlen(echo)) == 0)
        at += strlen(echo);
    else
        return false;
    at = strstr(at, "\", lo carried ");
    if (at == NULL)
        return false;
    at += strlen("\", lo carried ");
    size_t size = digits(at, 20);
    return size > 0 && strcmp(at + size, " bytes") == 0;
}

/// The lines of PROGRAMS.md. What only 08 says begins with a name.
static const struct form {
    const char *before, *whole;
    bool (*fits)(const char *rest);
    bool success; ///< not to be said after a failure
} forms[] = {
    {"fd ", "fd N: AF_INET SOCK_…", is_descriptor, true},
    {"bound to ", "bound to ADDRESS:PORT", is_address, true},
    {"listening on ", "listening on ADDRESS:PORT", is_address, true},
    {"Connected by ", "Connected by ADDRESS:PORT", is_address, true},
    {"connected to ", "connected to ADDRESS:PORT from ADDRESS:PORT", is_pair,
     true},
    {"Received ", "Received \"…\"", is_quoted, true},
    {"press Enter to close", "press Enter to close", is_nothing, true},
};

static const char trip[] =
    "NAME is ADDRESS, [not] loopback: Received \"…\", lo carried N bytes";

/// Whether a line begins so. The article says "Connected", but the case of that
/// word is free.
static bool begins(const char *line, const char *before)
{
    size_t word = strncmp(before, "Connected ", 10) == 0 ? 9 : 0;

    return strncasecmp(line, before, word) == 0 &&
           strncmp(line + word, before + word, strlen(before + word)) == 0;
}

static const struct form *form_for(const char *before)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (begins(before, forms[i].before))
            return &forms[i];
    return NULL;
}

const char *form_of(const char *before)
{
    const struct form *form = form_for(before);
    return form != NULL ? form->whole : trip;
}

bool has_form(const char *line, const char *before)
{
    if (!begins(line, before))
        return false;

    const char *one = text("%.*s", (int)strcspn(line, "\n"), line);
    const struct form *form = form_for(before);
    const char *is = strstr(one, " is ");

    return form != NULL ? form->fits(one + strlen(form->before))
                        : is != NULL && is_trip(is + 4);
}

bool tells_success(const char *line)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].success && has_form(line, forms[i].before))
            return true;
    return has_form(line, "");
}

bool line_is_there(struct program *p, void *context)
{
    struct line_search *search = context;
    char *at = p->out.text + p->seen, *end;

    for (; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        if (!has_form(at, search->before))
            continue;
        search->line = text("%.*s", (int)(end - at), at);
        p->seen = (size_t)(end + 1 - p->out.text);
        return true;
    }
    return false;
}

bool has_said(const struct program *p, const char *before)
{
    const char *at = p->out.text, *end;

    for (; (end = strchr(at, '\n')) != NULL; at = end + 1)
        if (has_form(at, before))
            return true;
    return false;
}

const char *nearest_miss(const char *from, const char *before)
{
    const char *end;

    for (const char *at = from; (end = strchr(at, '\n')) != NULL; at = end + 1)
        if (begins(at, before) && !has_form(at, before))
            return text("%.*s", (int)(end - at), at);
    return NULL;
}

bool error_is_there(struct program *p, void *context)
{
    struct text_search *search = context;
    size_t size = strlen(search->what);
    const char *at = p->err.text;

    while ((at = strstr(at, search->what)) != NULL) {
        if (!search->whole_line || ((at == p->err.text || at[-1] == '\n') &&
                                    (at[size] == '\n' || at[size] == '\0')))
            return true;
        at++;
    }
    return false;
}
