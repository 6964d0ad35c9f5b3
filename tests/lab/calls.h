// SPDX-License-Identifier: MIT
/**
 * @file calls.h
 * @brief The calls that the witness recorded: find them, and say them.
 */

#ifndef LAB_CALLS_H
#define LAB_CALLS_H

#include "witness.h"

/// The call with this number, or NULL if it is not kept (any longer).
const struct call *call_at(const struct record *record, unsigned number);
/// The number after this one, of count, that may be kept: a program that spins
/// makes millions of calls.
unsigned after_call(unsigned number, unsigned count);
/// Loop over the calls that are kept, in order.
#define EACH_CALL_IN(record, call)                                             \
    for (unsigned i_ = 0, n_ = atomic_load(&(record)->count); i_ < n_;         \
         i_ = after_call(i_, n_))                                              \
        if ((call = call_at(record, i_)) != NULL)

/// "bind(3, 127.0.0.1:4444) = 0"
const char *show_call(const struct call *call);
const char *call_name(const struct call *call);
/// The arguments that are worth a look.
const char *show_arguments(const struct call *call);
/// Lines of source for program counters, through addr2line(1). Without it, or
/// without debugging information, they stay empty.
void find_lines(const char *binary, const struct call *const *calls, int count,
                const char *lines[]);

#endif
