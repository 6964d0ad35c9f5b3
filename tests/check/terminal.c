// SPDX-License-Identifier: MIT
/**
 * @file terminal.c
 * @brief Print for people.
 */

#include "terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    COLUMNS = 80,       ///< without a terminal
    COLUMNS_LEAST = 40, ///< even if it is narrower
    COLUMNS_MOST = 100, ///< longer lines are hard to read
};

static bool colour, utf8, terminal;
static int columns = COLUMNS;
static int column; ///< where the line stands

void begin_terminal(void)
{
    const char *name = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    struct winsize size;

    setlocale(LC_ALL, "");
    utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    setlocale(LC_NUMERIC, "C");
    terminal = isatty(STDOUT_FILENO);
    colour = terminal && name != NULL && strcmp(name, "dumb") != 0 &&
             (no_colour == NULL || *no_colour == '\0');
    if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
        size.ws_col > 0)
        columns = size.ws_col < COLUMNS_LEAST  ? COLUMNS_LEAST
                  : size.ws_col > COLUMNS_MOST ? COLUMNS_MOST
                                               : size.ws_col;
}

bool on_terminal(void)
{
    return terminal;
}

/// How many bytes here are one character that a terminal may have: no control
/// (ESC, the C1 ones of U+0080 to U+009F), nothing that turns what comes after
/// it round (U+202A to U+202E, U+2066 to U+2069), only whole UTF-8. 0: none.
static size_t harmless(const char *text)
{
    unsigned char first = (unsigned char)*text;
    size_t size = first < 0x80                    ? 1
                  : first >= 0xc2 && first < 0xe0 ? 2
                  : first >= 0xe0 && first < 0xf0 ? 3
                  : first >= 0xf0 && first < 0xf5 ? 4
                                                  : 0;
    unsigned code = size == 1 ? first : first & (0x7f >> size);

    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    }
    if (size == 1)
        return code == '\n' || code == '\t' || (code >= 0x20 && code != 0x7f);
    bool turns = (code >= 0x202a && code <= 0x202e) ||
                 (code >= 0x2066 && code <= 0x2069) || code == 0x200e ||
                 code == 0x200f;
    return code < 0xa0 || turns ? 0 : size;
}

/// A text as the locale can show it: where it has no UTF-8, in ASCII. Here is
/// where no byte of anybody's can play tricks with the terminal.
static char *shown(const char *text)
{
    static const char *const plain[][2] = {
        {"…", "..."}, {"✔", "ok"}, {"✘", "X "}, {"○", "- "}, {"–", "-"},
    };
    char *result;
    size_t size, length;
    FILE *out = open_memstream(&result, &length);

    while (*text != '\0') {
        size_t i = 0, most = sizeof plain / sizeof *plain;
        while (i < most && strncmp(text, plain[i][0], strlen(plain[i][0])) != 0)
            i++;
        if (!utf8 && i < most) {
            fputs(plain[i][1], out);
            text += strlen(plain[i][0]);
            continue;
        }
        size = harmless(text);
        if (size == 0)
            fprintf(out, "\\x%02x", (unsigned char)*text++);
        else if (!utf8 && size > 1)
            fputc('?', out);
        else
            fwrite(text, 1, size, out);
        text += size;
    }
    fclose(out);
    return result;
}

/// In characters, not in bytes.
static int width_of(const char *text, size_t size)
{
    int width = 0;

    for (size_t i = 0; i < size; i++)
        width += ((unsigned char)text[i] & 0xc0) != 0x80;
    return width;
}

static void put(const char *code, const char *text, size_t size)
{
    bool painted = colour && *code != '\0';

    if (size == 0)
        return;
    if (painted)
        printf("\033[%sm", code);
    printf("%.*s", (int)size, text);
    if (painted)
        fputs("\033[0m", stdout);
    column += width_of(text, size);
}

void end_line(void)
{
    putchar('\n');
    column = 0;
}

static void next_line(int indent)
{
    end_line();
    column = printf("%*s", indent, "");
}

/// A word that is wider than a line is broken where the line ends.
static void put_word(const char *code, int indent, const char *word,
                     size_t size)
{
    while (size > 0) {
        size_t fits = 0;
        int left = columns - column;
        while (fits < size && (left > 0 || (word[fits] & 0xc0) == 0x80))
            left -= ((unsigned char)word[fits++] & 0xc0) != 0x80;
        while (fits < size && ((unsigned char)word[fits] & 0xc0) == 0x80)
            fits++;
        put(code, word, fits);
        word += fits;
        size -= fits;
        if (size > 0)
            next_line(indent);
    }
}

void paint(const char *code, int indent, const char *text)
{
    char *all = shown(text);

    for (const char *at = all; *at != '\0';) {
        size_t space = strspn(at, " ");
        size_t word = strcspn(at + space, " \n");
        int width = width_of(at, space + word);
        if (*at == '\n') {
            next_line(indent);
            at++;
            continue;
        }
        if (column + width > columns && column > indent) {
            next_line(indent);
            at += space;
            space = 0;
        }
        put(PLAIN, at, space);
        put_word(code, indent, at + space, word);
        at += space + word;
    }
    free(all);
}

void say_exactly(const char *text)
{
    char *all = shown(text);

    fputs(all, stdout);
    end_line();
    free(all);
}

void say_line(int indent, const char *text)
{
    paint(PLAIN, indent, text);
    end_line();
}
