// SPDX-License-Identifier: MIT
/**
 * @file facts.h
 * @brief What is known of a program that has disappointed an expectation.
 *
 * Made once for each failure, from the record of the witness, the kernel's
 * tables and what the program has said. A fact is a thing that can be seen; what
 * it means is for the rules (rules.c). A call that has not returned is in none
 * of them but in those that say so.
 */
#ifndef LAB_FACTS_H
#define LAB_FACTS_H

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "about.h"
#include "program.h"

/// A fact is so if it has words; "" where there is nothing more to say.
enum fact {
    NO_FACT,
    // ---- what became of the program
    ENDED,
    GOES_ON,
    ENDED_0,
    ENDED_1,
    SPINS,     ///< it burned CPU time
    KILLED_BY, ///< a signal: its name
    SIGPIPE_DIED,
    SIGALRM_DIED,
    // ---- what it said
    TODO_REACHED,     ///< the line
    SANITIZER,        ///< kind and place
    UNDEFINED,        ///< the line
    SAYS_NOTHING,     ///< stderr is empty
    SAYS_SUCCESS,     ///< the line: perror of a call that has not failed
    SAYS_DIFFERS,     ///< the line: "differs at byte"
    FALSE_DIFFERENCE, ///< the same, of an echo that was right
    SAYS_AFTER,       ///< the line: "after 5 of 12 bytes"
    SAW_STATUS,       ///< the exit status is what was found wrong
    SAW_RESET,
    SAW_OPEN,    ///< sockets that it did not close
    END_SEEN,    ///< recv gave 0
    AGAIN_ENDED, ///< the call that gave EAGAIN, and then it ended
    STATUS_255,
    SAYS_CONNECT, ///< "connect to …", of a connection that failed
    PROMPT_GLUED,
    LINE_KEPT,    ///< accept has returned, and nothing says so on stdout
    WATCHES,      ///< poll, select or epoll
    SAYS_REFUSED, ///< the words of ECONNREFUSED
    ADVICE_ON_STDOUT,
    SUCCESS,       ///< the line that comes last in a program that succeeds
    SAYS_PROGRESS, ///< the words of EINPROGRESS
    PROMPTED,
    SAID_SO, ///< a line of success is there
    // ---- Enter
    NOT_PRESSED,
    PRESSED,
    STDIN_ENDED,
    // ---- where it is now
    IN_READ_STDIN,
    IN_SLEEP, ///< "sleep", "pause"
    IN_ACCEPT,
    IN_CONNECT,
    IN_RECV, ///< the call
    // ---- the call that failed: by the lab, else the first by itself
    FAULT,       ///< "the lab made accept() return EMFILE"
    INTERRUPTED, ///< by the lab, EINTR: the name of the call
    ABORTED,     ///< by the lab, ECONNABORTED
    NOT_RETRIED, ///< the same call did not come again
    BLAMED,      ///< the call as a whole, or what the lab did
    BLAMED_NAME,
    BLAMED_ERROR, ///< "ENOBUFS", in words
    TOLD,         ///< a line on stderr gives its reason
    OTHER_REASON, ///< a line is about the call, and gives another one
    ON_STDOUT,    ///< it stands on stdout
    OTHER_LABEL,  ///< what stands in place of the call's name
    LABEL_FREE,   ///< any label will do
    WENT_ON,      ///< the next call, or the prompt
    SUCCESS_TOLD, ///< a line of success is there all the same
    TRIED_AGAIN,  ///< though that was no use
    STATUS_OTHER, ///< a status that is neither 1 nor a crash's
    // ---- arguments
    ADDRESS_COUNTS, ///< what failed can be a matter of an address asked for
    PORT_SWAPPED,
    PORT_ZERO, ///< the call and both ports
    PORT_OTHER,
    IP_REVERSED,
    IP_ANY,
    IP_OTHER,
    ALL_ZERO, ///< the whole struct
    FAMILY,   ///< neither IPv4 nor IPv6: the number
    FAMILY_SWAPPED,
    FAMILY_IS_IP, ///< the bytes of the address stand there
    SHORT_LENGTH, ///< of an address that was given: the number
    NO_ROOM,      ///< of a length for an answer: the call and the number
    ODD_LENGTH,   ///< the same, far too large: never set
    FD_NONE,      ///< -1
    FD_CLOSED,    ///< the close before
    FD_PORT,
    FD_SECOND,     ///< the descriptor stands as the second argument
    FD_STDIN,      ///< 0, and no other call has the socket that was made
    SOCKET_IS,     ///< the descriptor that would have been right
    ON_LISTENER,   ///< the call was made on the listening one
    WAS_CONNECTED, ///< connect has succeeded before
    TYPE_OTHER,
    DOMAIN_INET6,
    SOCKET_ORDER,
    BACKLOG_OTHER,
    OPTION_LEVEL, ///< an option of SOL_SOCKET, at another level
    TIME_WAITS,   ///< bind failed, and only TIME-WAIT has that port
    REUSE_SET,    ///< before bind
    REUSE_LATE,
    REUSE_OFF,
    REUSE_LEVEL,
    REUSEPORT,
    OTHER_OPTION, ///< SO_KEEPALIVE and the like in its place
    POLL_ELSEWHERE,
    POLL_NO_OUT,
    POLL_LONG,
    POLL_SHORT,
    POLL_FOR_EVER,
    TIMED_OUT,    ///< a wait returned 0
    SEND_TIME,    ///< SO_SNDTIMEO is not TIMEOUT_MS
    RECV_TIME,    ///< SO_RCVTIMEO was set, and SO_SNDTIMEO not
    ASKED_FAMILY, ///< getaddrinfo
    ASKED_TYPE,
    RESOLVER_ERRNO,
    RESOLVER_TOLD,    ///< its words are on stderr
    ONE_WORKS,        ///< of the addresses of step 8
    LOOPBACK_DENIED,  ///< of an address in 127.0.0.0/8
    LOOPBACK_SIX,     ///< of ::1
    LOOPBACK_CLAIMED, ///< of an address that is none
    SIX_ON_FOUR,
    FIXED_PORT, ///< bind, in a program that calls: the call
    LINGERS,    ///< SO_LINGER with 0
    // ---- calls: missing, too many, out of order
    NO_SOCKET,
    NO_BIND,
    NO_LISTEN,
    NO_CONNECT,
    LISTEN_FIRST, ///< listen before bind
    LISTEN_ALONE, ///< listen without bind
    LISTENED,
    NAME_EARLY,     ///< getsockname before bind or connect
    NAME_ELSEWHERE, ///< of another descriptor than bind
    NO_TYPE_ASKED,
    CONNECTS_HERE, ///< connect in a step that only binds
    ACCEPTS_AGAIN, ///< it has its connection, and is in accept
    SELF_ACCEPT,   ///< step 8: nobody has connected yet
    SELF_RECV,     ///< step 8: it waits on the socket that has sent
    NO_ANSWER,     ///< step 8: nothing was sent back
    PORT_0_CALLED,
    LEFT_OPEN, ///< which descriptor, and what made it
    SHUT_ONLY, ///< and it was shut down
    CLOSED_EARLY,
    READS_PEER,
    SENDS_WORDS,
    SHUT_BOTH, ///< and then recv gave 0
    SHUT_THEN_SENT,
    SERVES_NEXT, ///< in accept after a client was served
    PEER_GONE,
    // ---- what was told against what the kernel says
    TOLD_SWAPPED,
    TOLD_SIGNED,
    TOLD_CUT,
    TOLD_OWN,
    TOLD_EXCHANGED,
    TOLD_PEER_TWICE,
    TOLD_SELF_TWICE,
    TOLD_ANOTHER, ///< the call said one address, another was printed
    NOT_ASKED,    ///< the call that would have told
    ACCEPT_NULL,
    // ---- bytes
    ALL_SENT, ///< as much as came
    RECV_SENT_MORE,
    RECV_SENT_LESS,
    COMPARED_TRUTH, ///< each send carried 1 byte, whatever recv gave
    MISCOUNTED,     ///< the bytes that came, in its own words
    LOST_REST,      ///< after a partial send
    RESENT_PART,
    RESENT_ALL,
    UNANSWERED,   ///< got and sent, of an echo that waits
    LATER_SILENT, ///< the first piece was answered, a later one not
    WAITALL,
    ONE_RECV,
    TOOK_FOR_ALL,
    ZEROS, ///< recv gave 0 again and again
    NEVER_RECEIVED,
    SAME_PLACE, ///< recv wrote to the same place twice
    OTHER_BUFFER,
    GREETED,
    STREAM_SHORT,  ///< it ended its stream before all was sent
    WAITS_BETWEEN, ///< for an echo, before all was sent
    WAITS_FOR_END, ///< of a server that waits for its own
    AS_FORMAT,
    FIRST_BYTE, ///< the first byte is another already
    EARLY_END,  ///< recv gave 0 after fewer bytes
    COUNTER_ZERO,
    BUSY, ///< the call that was made again and again
    // ---- a connect that was begun
    BEGUN,
    BEGUN_LONG, ///< EINPROGRESS after SO_SNDTIMEO
    ERROR_ASKED,
    ERROR_SAID,    ///< SO_ERROR gave a reason
    NOT_CONNECTED, ///< getpeername said so
    ADDRESSES_LEFT,
    TRIPLES,
    SILENT_END, ///< status 1, no word, and no call had failed
    TRIES_PORTS,
    SHARES_PORT,
    FACT_COUNT
};

struct facts {
    struct program *p;
    const struct failure *failure;
    int step; ///< 1 …
    bool client, server;
    struct sockaddr_in asked;                     ///< AF_UNSPEC: not known
    struct call calls[RECORD_HEAD + RECORD_TAIL]; ///< that returned
    int count;
    bool whole;                ///< they are all
    const struct call *now;    ///< the one in which it is
    const struct call *blamed; ///< see BLAMED
    const char *words[FACT_COUNT];
};

/// Look once. The program is given a moment to come to rest before.
void find_facts(struct facts *f, struct program *p,
                const struct failure *failure);
static inline bool so(const struct facts *f, enum fact fact)
{
    return f->words[fact] != NULL;
}

// For those who make them.

/// Calls of these kinds, whichever the student has chosen.
static inline bool receives(const struct call *call)
{
    return call->id >= CALL_recv && call->id <= CALL_readv;
}

static inline bool sends(const struct call *call)
{
    return call->id >= CALL_send && call->id <= CALL_writev;
}

static inline bool accepts(const struct call *call)
{
    return call->id == CALL_accept || call->id == CALL_accept4;
}

static inline void set(struct facts *f, enum fact fact, const char *words)
{
    f->words[fact] = words;
}

static inline void if_so(struct facts *f, bool is, enum fact fact)
{
    if (is)
        f->words[fact] = "";
}

/// The first of this kind from place i on, of any descriptor if -1; or NULL
static inline const struct call *next_call(const struct facts *f, int i, int id,
                                           int fd)
{
    for (; i < f->count; i++)
        if (f->calls[i].id == id && (fd == -1 || f->calls[i].fd == fd))
            return &f->calls[i];
    return NULL;
}

static inline const struct call *last_call(const struct facts *f, int id,
                                           int fd)
{
    for (int i = f->count - 1; i >= 0; i--)
        if (f->calls[i].id == id && (fd == -1 || f->calls[i].fd == fd))
            return &f->calls[i];
    return NULL;
}

static inline int place_of(const struct facts *f, const struct call *call)
{
    return (int)(call - f->calls);
}

/// The program's argument with this number, from 0; NULL: there is none
static inline const char *argument(const struct facts *f, int i)
{
    const char *const *args = setup_of(f->p)->args;

    for (int n = 0; args != NULL && n < i; n++)
        if (args[n] == NULL)
            args = NULL;
    return args != NULL ? args[i] : NULL;
}

void facts_of_errors(struct facts *f);    // told.c
void facts_of_addresses(struct facts *f); // told.c
void facts_of_bytes(struct facts *f);     // bytes.c
#endif
