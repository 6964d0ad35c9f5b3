// SPDX-License-Identifier: MIT
/**
 * @file rules.c
 * @brief The classic mistakes. reason.c says which of them is believed.
 *
 * Silence is better than a guess: there is no rule for "it must be something".
 * `make selftest` proves that each mistake of tests/broken makes the rule speak
 * that its patch names, and that right programs make none speak.
 */

#include "rules.h"

#include <errno.h>

#define TALK (ABOUT(ADDRESS) | ABOUT(LINE) | ABOUT(OPEN))
#define ERROR                                                                  \
    (ABOUT(REPORT) | ABOUT(END) | ABOUT(LINE) | ABOUT(HOLD) | ABOUT(TIMING) |  \
     ABOUT(OPEN))
#define DATA                                                                   \
    (ABOUT(BYTES) | ABOUT(END) | ABOUT(OPEN) | ABOUT(LINE) | ABOUT(REPORT) |   \
     ABOUT(HOLD))

#define C(call) (1u << CALL_##call)
#define NAMES (C(accept) | C(accept4) | C(getsockname) | C(getpeername))

// A row's sentence stands below what it needs.
// clang-format off
const struct rule rules[] = {
    // ------------------------------------------------- what is said outright
    {"todo", CERTAIN, ANY, "", 0, 0, {TODO_REACHED}, {0},
     "the program came to \"{1}\". That gap, the TODO and the lines under it, is "
     "still to be filled; or its message and return 1 or exit(1) still stand "
     "behind your lines"},
    {"sanitizer", CERTAIN, ANY, "", 0, 0, {SANITIZER}, {0},
     "memory that is not the program's: {1}. AddressSanitizer, which the check "
     "builds in, stops a program at the first wrong access"},
    {"undefined", CERTAIN, ANY, "", 0, 0, {UNDEFINED}, {0},
     "undefined behaviour: {1}"},
    {"sigpipe", CERTAIN, ANY, "", 0, 0, {SIGPIPE_DIED}, {0},
     "sending to a peer that is gone raises SIGPIPE, which ends a program "
     "without a word: send with MSG_NOSIGNAL, or ignore the signal; then send "
     "returns -1 with EPIPE"},
    {"sigalrm", CERTAIN, ANY, "", 0, 0, {SIGALRM_DIED}, {0},
     "the alarm rang, and SIGALRM ends a program that has no handler for it: "
     "with sigaction, without SA_RESTART, connect returns EINTR"},

    // -------------------------------------------------- addresses asked for
    {"no_htons", ARGUMENT, ANY, "", 0, 0, {PORT_SWAPPED, ADDRESS_COUNTS}, {0},
     "{1}: the two bytes of the port are swapped. sin_port is in network byte "
     "order: htons, once"},
    {"port_zero", ARGUMENT, ANY, "", 0, 0, {PORT_ZERO, ADDRESS_COUNTS}, {0},
     "{1}: sin_port was not set, or with htonl, whose four bytes do not fit. A "
     "port has two: htons"},
    {"port_other", ARGUMENT, ANY, "", 0, 0, {PORT_OTHER, ADDRESS_COUNTS}, {0},
     "{1}"},
    {"ip_reversed", ARGUMENT, ANY, "", 0, 0, {IP_REVERSED, ADDRESS_COUNTS}, {0},
     "the four bytes of the address are reversed: {1}. What inet_pton gives is "
     "in network byte order already, without htonl; a number like "
     "INADDR_LOOPBACK is not, and takes one"},
    {"ip_any", ARGUMENT, ANY, "", 0, 0, {IP_ANY, ADDRESS_COUNTS}, {0},
     "{1} was asked for 0.0.0.0, every address of this host (INADDR_ANY): "
     "sin_addr was not set from HOST"},
    {"ip_other", ARGUMENT, ANY, "", 0, 0, {IP_OTHER, ADDRESS_COUNTS}, {0},
     "{1}, not for HOST of the arguments: sin_addr is to be set from it"},
    {"all_zero", ARGUMENT, ANY, "", 0, 0, {ALL_ZERO}, {NO_ROOM},
     "the address that the call was given holds only zeros: it is not the one "
     "that was filled in, or was cleared after that"},
    {"family", ARGUMENT, ANY, "", 0, 0, {FAMILY},
     {FAMILY_SWAPPED, FAMILY_IS_IP, ALL_ZERO, NO_ROOM},
     "sin_family was {1}: it must be set to AF_INET, which is 2, and to nothing "
     "else"},
    {"family_htons", ARGUMENT, ANY, "", 0, 0, {FAMILY, FAMILY_SWAPPED}, {0},
     "sin_family was {1}, which is htons(AF_INET): it is the one member that "
     "stays in the order of the host"},
    {"family_is_ip", ARGUMENT, ANY, "", 0, 0, {FAMILY, FAMILY_IS_IP}, {0},
     "the bytes of the address stand at the beginning of the struct, where "
     "sin_family is: inet_pton writes to &addr.sin_addr, not to &addr"},
    {"short_length", ARGUMENT, ANY, "", C(bind) | C(connect), EINVAL,
     {SHORT_LENGTH}, {0},
     "the length of the address was {1}: it is the size of the whole struct, "
     "sizeof addr, and not of a pointer or of one member"},

    // -------------------------------------------------- arguments of a call
    {"no_room", ARGUMENT, ANY, "", 0, 0, {NO_ROOM}, {0},
     "{1} before the call: set it to sizeof the variable, each time. It says "
     "how much room there is, and without room nothing is written"},
    {"odd_length", ARGUMENT, ANY, "", NAMES | C(getsockopt), EINVAL,
     {ODD_LENGTH}, {0},
     "{1} before the call, so it was never set: it has to be sizeof the "
     "variable, each time. It says how much room there is"},
    {"fault_pointer", ARGUMENT, ANY, "", 0, EFAULT, {BLAMED}, {0},
     "{1}: a pointer among its arguments points nowhere. It wants the address of "
     "a variable (&on, &len), not its value"},
    {"option_length", ARGUMENT, ANY, "", C(setsockopt), EINVAL, {BLAMED}, {0},
     "{1}: its last argument is the size of the value, sizeof on, and not less "
     "than that of an int"},
    {"option_level", ARGUMENT, ANY, "", 0, 0, {OPTION_LEVEL}, {TIME_WAITS},
     "{1}: it is an option of the level SOL_SOCKET, and its number is another "
     "one, or none, there"},
    {"protocol", ARGUMENT, ANY, "", C(socket), EPROTONOSUPPORT, {BLAMED}, {0},
     "{1}: that protocol does not go with this type. With 0 the kernel takes the "
     "one that does"},
    {"fd_none", ARGUMENT, ANY, "", 0, EBADF, {FD_NONE, SOCKET_IS}, {0},
     "{0}: -1 is no descriptor. The socket that it wants is {2}"},
    {"fd_too_early", ARGUMENT, ANY, "", 0, EBADF, {FD_NONE}, {SOCKET_IS},
     "{0}: -1 is no descriptor. The call comes before socket, or after one that "
     "failed"},
    {"fd_closed", ARGUMENT, ANY, "", 0, EBADF, {FD_CLOSED}, {0},
     "{0}: that descriptor had been closed before ({1}). After close it can't be "
     "used any more, in either direction"},
    {"fd_port", ARGUMENT, ANY, "", 0, EBADF, {FD_PORT}, {FD_SECOND},
     "{0}: the first argument is the descriptor of the socket, not the port"},
    {"fd_second", ARGUMENT, ANY, "", 0, 0, {FD_SECOND}, {0},
     "{0}: its arguments are in the wrong order. The descriptor comes first, "
     "then the backlog"},
    {"precedence", ARGUMENT, ANY, "", 0, ENOTSOCK, {FD_STDIN}, {0},
     "socket gave {1}, and {0}: in fd = socket(…) == -1 the comparison comes "
     "first, and fd is its result. It takes parentheses: (fd = socket(…)) == -1"},
    {"not_a_socket", ARGUMENT, ANY, "", 0, ENOTSOCK, {SOCKET_IS}, {FD_STDIN, FD_SECOND},
     "{0}: that descriptor is not a socket. The one that it wants is {1}"},
    {"connected_twice", ARGUMENT, ANY, "", C(connect), EISCONN,
     {WAS_CONNECTED}, {0},
     "{0}: connect was called a second time, and the first one had connected it "
     "already"},
    {"listener_used", ARGUMENT, ANY, "", 0, ENOTCONN, {ON_LISTENER}, {0},
     "the listening descriptor {1} was used as the connection: data goes over "
     "the one that accept returned"},
    {"type", ARGUMENT, ANY, "", 0, 0, {TYPE_OTHER}, {SOCKET_ORDER},
     "the type of the socket is {1}"},
    {"socket_order", ARGUMENT, ANY, "", 0, 0, {SOCKET_ORDER}, {0},
     "{1}: the first two arguments of socket are exchanged. The domain, AF_INET, "
     "comes first, then the type"},
    {"domain", ARGUMENT, ANY, "01", 0, 0, {DOMAIN_INET6}, {0},
     "the socket is of AF_INET6, IPv6: the domain of IPv4 is AF_INET"},
    {"backlog", ARGUMENT, ABOUT(OPEN), "03", 0, 0, {BACKLOG_OTHER}, {0}, "{1}"},
    {"fixed_port", ARGUMENT, ANY, "05 07 06", 0, 0, {FIXED_PORT}, {0},
     "{1}: a client need not bind. With a port of its own only one of it can "
     "call a server; connect has the kernel choose a free one (an ephemeral "
     "port)"},
    {"own_port", ARGUMENT, ANY, "08", 0, 0, {FIXED_PORT}, {0},
     "{1}: a port of its own, which another may have. With port 0 the kernel "
     "gives one that is free"},

    // -------------------------------------------------------- SO_REUSEADDR
    {"no_reuse", ARGUMENT, ANY, "", 0, 0, {TIME_WAITS},
     {REUSE_SET, REUSE_LATE, REUSE_OFF, OPTION_LEVEL, REUSEPORT, OTHER_OPTION,
      FIXED_PORT},
     "SO_REUSEADDR was not set before bind (after it is too late): a connection "
     "in TIME-WAIT keeps the port"},
    {"reuse_late", ARGUMENT, ANY, "", 0, 0, {TIME_WAITS, REUSE_LATE},
     {REUSE_SET},
     "SO_REUSEADDR was set after bind, too late: it is bind that it changes"},
    {"reuse_off", ARGUMENT, ANY, "", 0, 0, {TIME_WAITS, REUSE_OFF},
     {REUSE_SET, REUSE_LATE},
     "SO_REUSEADDR was set to 0, which is off: the value is an int that is not "
     "0"},
    {"reuse_level", ARGUMENT, ANY, "", 0, 0, {TIME_WAITS, OPTION_LEVEL},
     {REUSE_SET},
     "{2}: it is an option of the level SOL_SOCKET, and its number is another "
     "option there"},
    {"reuseport", ARGUMENT, ANY, "", 0, 0, {TIME_WAITS, REUSEPORT}, {REUSE_SET},
     "SO_REUSEPORT is for several sockets that share a port; what passes over "
     "TIME-WAIT here is SO_REUSEADDR"},
    {"other_option", ARGUMENT, ANY, "", 0, 0, {TIME_WAITS, OTHER_OPTION},
     {REUSE_SET, REUSEPORT, OPTION_LEVEL},
     "{2} was set, and SO_REUSEADDR was not: a connection in TIME-WAIT keeps the "
     "port"},
    {"reuse_run_before", ARGUMENT, ANY, "", 0, 0, {TIME_WAITS, REUSE_SET}, {0},
     "SO_REUSEADDR is set, and passes over TIME-WAIT only if the run before had "
     "set it, too: wait the minute once"},
    {"shares_port", ARGUMENT, ABOUT(REPORT), "", 0, 0, {SHARES_PORT}, {0},
     "SO_REUSEPORT lets a second server have the same port without a word: this "
     "step sets SO_REUSEADDR only"},

    // --------------------------------------------------- calls and their order
    {"no_socket", ORDER, ANY, "01 02 03", 0, 0, {NO_SOCKET}, {0},
     "the program says so without having made a socket: it must be true, the lab "
     "asks the kernel"},
    {"no_bind", ORDER, ANY, "02", 0, 0, {NO_BIND}, {CONNECTS_HERE},
     "bind was never called: the socket has no address"},
    {"connects_here", ORDER, ANY, "02", 0, 0, {CONNECTS_HERE}, {0},
     "connect calls somebody else; it is bind that gives a socket its own "
     "address"},
    {"listens_here", ORDER, ABOUT(OPEN), "02", 0, 0, {LISTENED}, {0},
     "listen was called: this step only binds"},
    {"no_listen", ORDER, ANY, "", 0, 0, {NO_LISTEN}, {0},
     "listen was never called, no listen between bind and accept: descriptor {1} "
     "is only bound"},
    {"listen_first", ORDER, ANY, "", 0, 0, {LISTEN_FIRST}, {0},
     "listen before bind on descriptor {1}: the kernel then chooses a port, on "
     "every address"},
    {"listen_alone", ORDER, ANY, "", 0, 0, {LISTEN_ALONE}, {0},
     "listen without bind on descriptor {1}: the kernel then chooses a port, on "
     "every address"},
    {"no_connect", ORDER, ANY, "", 0, 0, {NO_CONNECT}, {0},
     "connect was never called: bind gives this end an address, and calls "
     "nobody"},
    {"name_early", ORDER, TALK, "", 0, 0, {NAME_EARLY}, {SAW_OPEN},
     "getsockname was called before {1}: until then there is no address to "
     "tell"},
    {"name_elsewhere", ORDER, TALK, "", 0, 0, {NAME_ELSEWHERE}, {SAW_OPEN},
     "{1}: that is another socket. One is enough"},
    {"type_not_asked", ORDER, TALK, "01", 0, 0, {NO_TYPE_ASKED}, {NO_ROOM},
     "{1} was never asked for: the two calls of getsockopt ask the same, or one "
     "is missing"},
    {"tries_ports", ORDER, ABOUT(REPORT), "", 0, 0, {TRIES_PORTS}, {0},
     "bind said Address already in use, and the program tried another port: "
     "whoever asked for this one must be told"},
    {"accepts_again", ORDER, ANY, "04", 0, 0, {ACCEPTS_AGAIN}, {0},
     "accept has returned a connection, and it calls accept again: this step "
     "takes one, and after Enter it ends. (A loop's condition must be false "
     "after a success; errno keeps its old value)"},
    {"holds_in_accept", ORDER, ANY, "03", 0, 0, {IN_ACCEPT, PROMPTED}, {0},
     "accept waits for a client, not for Enter; and it takes the client out of "
     "the queue. This step accepts nobody, before Enter or after it"},
    {"serves_next", ORDER, ABOUT(END) | ABOUT(OPEN), "06", 0, 0, {SERVES_NEXT},
     {0},
     "after its client it waits in accept for the next one: this server serves "
     "one, and ends"},
    {"self_accept", ORDER, ANY, "08", 0, 0, {SELF_ACCEPT}, {0},
     "accept waits for a client, and the client is this very program, whose "
     "connect comes later. connect first: it needs nobody in accept, only "
     "listen"},
    {"self_recv", ORDER, ANY, "08", 0, 0, {SELF_RECV}, {0},
     "it waits in recv({1}), on the socket that has sent: what goes in at one "
     "end of a connection comes out at the other"},
    {"no_answer", ORDER, ANY, "08", 0, 0, {NO_ANSWER}, {0},
     "the bytes have arrived at one end, nothing was sent back from there, and "
     "recv({1}) waits for it"},
    {"port_0_called", ORDER, ANY, "08", 0, 0, {PORT_0_CALLED}, {0},
     "{1}: nobody listens at port 0, which means \"any free one\" to bind. "
     "getsockname tells which it became"},
    {"left_open", ORDER, ABOUT(OPEN), "", 0, 0, {LEFT_OPEN, SAW_OPEN}, {SHUT_ONLY},
     "{1} was not closed by the program"},
    {"shut_not_closed", ORDER, ABOUT(OPEN), "", 0, 0, {LEFT_OPEN, SHUT_ONLY, SAW_OPEN},
     {0},
     "{1} was shut down and not closed: shutdown ends a stream, and only close "
     "gives the descriptor back"},
    {"closed_early", ORDER, ANY, "", 0, 0, {CLOSED_EARLY}, {0},
     "{1} came before Enter: the socket is to stay open for as long as the "
     "program holds"},
    {"reads_peer", ORDER, ANY, "04 05", 0, 0, {READS_PEER}, {CLOSED_EARLY},
     "it reads the connection ({1}), and so waits for its peer. A hold waits for "
     "Enter, on stdin"},
    {"sends_words", ORDER, ANY, "04 05", 0, 0, {SENDS_WORDS}, {0},
     "{1}: this step sends nothing"},
    {"shut_both", ORDER, ANY, "06", 0, 0, {SHUT_BOTH}, {0},
     "shutdown with SHUT_RDWR (or SHUT_RD) has ended the receiving direction, "
     "too, so recv returns 0 at once. SHUT_WR ends only what is sent"},
    {"shut_then_sent", ORDER, ANY, "", 0, EPIPE, {SHUT_THEN_SENT}, {0},
     "{1} said that no more will be sent, and then more was sent"},
    {"lingers", ORDER, ANY, "", 0, 0, {LINGERS, SAW_RESET}, {0},
     "SO_LINGER with 0 seconds lets close throw away what is not sent yet and "
     "reset the connection, in place of FIN"},
    {"peer_gone", ORDER, ANY, "04", 0, 0, {PEER_GONE}, {0},
     "getpeername fails with ENOTCONN when that client has reset in the "
     "meantime: accept itself can tell its address, or this client is passed "
     "over"},
    {"greeted", ORDER, DATA, "06", 0, 0, {GREETED}, {0},
     "something was sent before anything had come: an echo server sends back "
     "what it gets, and nothing of its own"},

    // -------------------------------- an address told against what is so
    {"no_ntohs", ARGUMENT, TALK | ABOUT(REPORT), "", 0, 0, {TOLD_SWAPPED}, {0},
     "{1}: the two bytes are swapped. sin_port is in network byte order: ntohs "
     "before it is printed"},
    {"port_signed", ARGUMENT, TALK, "", 0, 0, {TOLD_SIGNED}, {0},
     "{1}: a port is unsigned, and a short ends at 32767"},
    {"address_cut", ARGUMENT, TALK, "", 0, 0, {TOLD_CUT}, {0},
     "{1}, and that is not what was printed. inet_ntop writes nothing and "
     "returns NULL when there is too little room: INET_ADDRSTRLEN"},
    {"own_for_peer", ARGUMENT, TALK, "", 0, 0, {TOLD_OWN}, {0},
     "{1}. The other end's is what accept fills in, or getpeername"},
    {"ends_exchanged", ARGUMENT, TALK, "", 0, 0, {TOLD_EXCHANGED}, {0},
     "the two ends are exchanged: getpeername tells the other one (to), "
     "getsockname this one (from)"},
    {"peer_twice", ARGUMENT, TALK, "", 0, 0, {TOLD_PEER_TWICE}, {0},
     "after \"from\" stands the other end's address again: this end's is what "
     "getsockname tells"},
    {"self_twice", ARGUMENT, TALK | ABOUT(REPORT), "", 0, 0, {TOLD_SELF_TWICE}, {0},
     "after \"to\" stands this end's address: the other end's is what "
     "getpeername tells"},
    {"another_told", ORDER, TALK, "", 0, 0, {TOLD_ANOTHER},
     {NAME_EARLY, NO_ROOM, SAW_OPEN},
     "{1}: what is printed is not the variable that the call has filled in"},
    {"not_asked", ORDER, TALK | ABOUT(REPORT), "", 0, 0, {NOT_ASKED}, {NO_ROOM, NAME_EARLY, SAW_OPEN},
     "the kernel was not asked: {1} tells what is so; the arguments are only "
     "what was wished for"},
    {"accept_null", ORDER, TALK, "", 0, 0, {ACCEPT_NULL}, {0},
     "accept was given no address to fill in (NULL), and getpeername was not "
     "asked: nobody told the program who called"},

    // ------------------------------------------------ calls that have failed
    {"not_retried", TREATMENT, ANY, "", 0, 0, {INTERRUPTED, NOT_RETRIED, ENDED},
     {0},
     "the lab made {1} return EINTR, as a signal would, and the program ended. "
     "Nothing is wrong then: call it again"},
    {"aborted", TREATMENT, ANY, "", 0, 0, {ABORTED, NOT_RETRIED, ENDED}, {0},
     "the lab made {1} return ECONNABORTED: that client had gone, and the "
     "program ended. It can wait for the next"},
    {"unchecked", TREATMENT, ERROR, "", 0, 0, {BLAMED, WENT_ON},
     {TOLD, OTHER_REASON, ON_STDOUT, INTERRUPTED, ABORTED},
     "{1}, and the program went on with {2}: its return value was not looked at, "
     "or was not taken for a failure, which is -1"},
    {"taken_for_success", TREATMENT, ERROR, "", 0, 0, {BLAMED, ENDED_0},
     {TOLD, OTHER_REASON, ON_STDOUT, WENT_ON, INTERRUPTED, ABORTED},
     "{1}, and the program ended as if all were well: its return value, -1, was "
     "not taken for a failure"},
    {"not_reported", TREATMENT, ERROR, "", 0, 0, {BLAMED, BLAMED_NAME, ENDED_1},
     {TOLD, OTHER_REASON, ON_STDOUT, WENT_ON, INTERRUPTED, ABORTED, SUCCESS},
     "{1}, and nothing on stderr gives that reason: perror(\"{2}\") does, in the "
     "line of its own that is asked for"},
    {"errno_lost", TREATMENT, ERROR, "", 0, 0, {BLAMED, OTHER_REASON}, {TOLD},
     "{1}, and its line gives another reason: a call between (close, printf) "
     "changed errno. perror first, then clean up; or keep errno in a variable"},
    {"on_stdout", TREATMENT, ERROR, "", 0, 0, {BLAMED, ON_STDOUT}, {TOLD},
     "{1}, and the program says so on stdout: a message of an error belongs on "
     "stderr, where perror writes it"},
    {"label", TREATMENT, ABOUT(REPORT), "", 0, 0,
     {BLAMED_NAME, OTHER_LABEL, BLAMED_ERROR}, {LABEL_FREE, SAW_STATUS, WENT_ON, SUCCESS},
     "it was {1} that failed, and its line says {2}: perror(\"{1}\") says "
     "\"{1}: {3}\""},
    {"went_on", TREATMENT, ERROR, "", 0, 0, {BLAMED, TOLD, WENT_ON}, {0},
     "{1}; the program said so, and went on with {3} as if nothing had happened. "
     "It has to end there with status 1; a function returns to its caller "
     "first"},
    {"success_told", TREATMENT, ERROR, "", 0, 0,
     {BLAMED, SUCCESS, ENDED_1}, {WENT_ON, TRIED_AGAIN},
     "{1}, and a line of success is there all the same: it is printed before "
     "that call, or after it as if nothing had happened"},
    {"retried", TREATMENT, ERROR, "", 0, 0, {BLAMED, TRIED_AGAIN}, {0},
     "{1}, and the program tried again. Only EINTR and ECONNABORTED say nothing "
     "about us; after any other error: perror, and exit status 1"},
    {"status", TREATMENT, ABOUT(REPORT) | ABOUT(END), "", 0, 0,
     {BLAMED_NAME, STATUS_OTHER, SAW_STATUS}, {WENT_ON, ENDED_0, SUCCESS},
     "{1} failed, and the exit status was {2}: it is 1 here. (What main returns "
     "is cut to a byte: -1 becomes 255)"},
    {"status_0", TREATMENT, ABOUT(REPORT) | ABOUT(END), "", 0, 0,
     {BLAMED_NAME, TOLD, ENDED_0},
     {WENT_ON, ONE_WORKS},
     "{1} failed, and the exit status was 0, which means success: only the exit "
     "status tells a shell or a script that something failed. It is 1 here"},
    {"again_failure", TREATMENT, ANY, "", 0, 0, {AGAIN_ENDED}, {BLAMED},
     "{1}: EAGAIN says \"not now\", and is no failure. A call that blocks waits "
     "by itself; else wait with poll, and call again"},

    // ------------------------------------------------------------- how it ends
    {"status_255", COURSE, ABOUT(REPORT) | ABOUT(END), "", 0, 0, {STATUS_255},
     {BLAMED},
     "the exit status is the last byte of what main returns: -1 becomes 255. A "
     "failure is 1 here"},
    {"early_end_status", COURSE, ABOUT(REPORT) | ABOUT(END), "06", 0, 0,
     {SAYS_AFTER, ENDED_0}, {BLAMED},
     "it says \"{1}\", and ends with status 0, which means success"},
    {"difference_status", COURSE, ABOUT(REPORT) | ABOUT(END), "06", 0, 0,
     {SAYS_DIFFERS, ENDED_0}, {0},
     "it says \"{1}\", and ends with status 0, which means success"},
    {"connect_status", COURSE, ABOUT(REPORT) | ABOUT(END), "07", 0, 0,
     {SAYS_CONNECT, ENDED_0}, {BLAMED, WENT_ON},
     "it says that there is no connection, and ends with status 0, which means "
     "success"},
    {"end_is_failure", COURSE, ABOUT(END) | ABOUT(OPEN), "06_echo_server", 0, 0,
     {END_SEEN, ENDED_1}, {BLAMED},
     "recv returned 0: the client's stream has ended. That is no failure (and "
     "perror has nothing to say of it): close, and status 0"},
    {"status_1", COURSE, ANY, "", 0, 0, {SILENT_END, PROMPTED}, {0},
     "it ended with status 1 after its hold, and nothing had failed: the end of a "
     "program that has done its work is status 0"},
    {"status_1_told", COURSE, ANY, "06 07", 0, 0, {SILENT_END, SUCCESS},
     {PROMPTED},
     "it ended with status 1, and nothing had failed: the end of a program that "
     "has done its work is status 0"},
    {"silent_end", COURSE, ANY, "", 0, 0, {SILENT_END}, {PROMPTED, SUCCESS},
     "it ended with status 1 without a word, and no call had failed: the program "
     "comes by a return 1 or exit(1), of a gap, or of an error's branch whose "
     "braces are missing"},
    {"prompt_glued", COURSE, TALK | ABOUT(HOLD), "", 0, 0, {PROMPT_GLUED}, {0},
     "the line before the prompt has no newline (\\n) at its end"},
    {"line_kept", COURSE, ABOUT(LINE), "04 06", 0, 0, {LINE_KEPT, GOES_ON}, {0},
     "accept has returned, and no line \"Connected by …\" has come: stdio keeps "
     "a line that is not finished, by a newline (\\n), in its buffer"},

    // -------------------------------------------------------------- the hold
    {"hold_end_of_stdin", COURSE, ANY, "", 0, 0, {SPINS, STDIN_ENDED}, {BUSY},
     "at the end of stdin getchar returns EOF (fgets NULL, read 0), and so for "
     "ever: a loop that looks only for '\\n' never ends"},
    {"hold_spins", COURSE, ANY, "", 0, 0, {SPINS, PROMPTED, NOT_PRESSED},
     {BUSY},
     "busy waiting: it asks again and again whether Enter was pressed. getchar, "
     "fgets and read sleep until there is a line"},
    {"hold_wants_more", COURSE, ANY, "", 0, 0, {IN_READ_STDIN, PRESSED}, {0},
     "Enter was pressed, and it goes on reading stdin: scanf passes over an "
     "empty line. getchar and fgets take it"},
    {"hold_sleeps", COURSE, ANY, "", 0, 0, {IN_SLEEP, PROMPTED}, {NOT_PRESSED},
     "it waits in {1}, for a time and not for Enter: a program that reads stdin "
     "is woken by a line, or by its end"},
    {"no_hold", COURSE, ABOUT(HOLD) | ABOUT(OPEN), "", 0, 0,
     {ENDED_0, PROMPTED, NOT_PRESSED}, {WATCHES, READS_PEER},
     "it did not wait: after the prompt, read a line from stdin (getchar, "
     "fgets), and close only then"},
    {"hold_watches", COURSE, ABOUT(HOLD) | ABOUT(OPEN) | ABOUT(CPU), "", 0, 0,
     {ENDED, PROMPTED, NOT_PRESSED, WATCHES}, {READS_PEER, BLAMED},
     "it waited for more than Enter, and what its peer did has ended it: only "
     "Enter, or the end of stdin, ends a hold"},

    {"hold_too_many", COURSE, ANY, "06 07 08", 0, 0, {IN_READ_STDIN}, {0},
     "it waits for Enter: this step has no hold, and ends by itself"},

    // ------------------------------------------------------------- bytes
    {"never_received", COURSE, DATA, "06_echo_client", 0, 0, {NEVER_RECEIVED},
     {0},
     "recv was never called: what is printed as the echo has not come from the "
     "server"},
    {"sends_more", COURSE, DATA, "06 08", 0, 0, {RECV_SENT_MORE},
     {GREETED, RESENT_ALL, RESENT_PART},
     "{1}: as many as recv returned are to be sent, not the whole buffer, and "
     "none for the end of a string"},
    {"sends_less", COURSE, DATA, "06 08", 0, 0, {RECV_SENT_LESS},
     {COMPARED_TRUTH, GREETED, RECV_SENT_MORE},
     "{1}: as many as recv returned are to be sent. What comes is bytes, zeros "
     "and line ends among them, and no string: strlen and sizeof know nothing of "
     "their number"},
    {"compared_truth", ORDER, DATA, "06", 0, 0, {RECV_SENT_LESS,
     COMPARED_TRUTH}, {GREETED},
     "{1}, each time: in got = recv(…) > 0 the comparison comes first, and got "
     "is its result, 1. It takes parentheses: (got = recv(…)) > 0"},
    {"other_buffer", COURSE, ABOUT(BYTES), "06", 0, 0, {OTHER_BUFFER,
     ALL_SENT}, {RECV_SENT_LESS, RECV_SENT_MORE, GREETED},
     "recv wrote into one buffer, and send took its bytes from another, where "
     "they are not"},
    {"client_first_byte", COURSE, ABOUT(BYTES), "06_echo_client", 0, 0,
     {FIRST_BYTE}, {0},
     "as many bytes came as the message has, and other ones from the first on: "
     "send takes its bytes from where its pointer points, and that is not the "
     "message (message, not &message)"},
    {"resent_part", COURSE, DATA, "06 08", 0, 0, {RESENT_PART}, {0},
     "{1}, a partial send, and then the same bytes were offered again: the place "
     "moves on with the count, buffer + sent"},
    {"resent_all", COURSE, DATA | ABOUT(CPU), "06 08", 0, 0, {RESENT_ALL}, {RESENT_PART},
     "{1}, which is all of them, and then they were sent again: what send "
     "returns has to be added up"},
    {"lost_rest", COURSE, DATA, "06 08", 0, 0, {LOST_REST},
     {RESENT_PART, RESENT_ALL, COMPARED_TRUTH},
     "{1}, a partial send, and the rest was not sent: send says how many it has "
     "taken"},
    {"waitall", COURSE, DATA, "06_echo_server", 0, 0, {WAITALL}, {0},
     "MSG_WAITALL lets recv wait until all of its {1} bytes are there: answer "
     "what has come"},
    {"unanswered", COURSE, DATA, "06_echo_server", 0, 0, {UNANSWERED},
     {WAITALL, LATER_SILENT, RECV_SENT_LESS, LOST_REST},
     "{1}: answer each piece as it comes. (Written through stdio, it stays in a "
     "buffer until fflush)"},
    {"later_silent", COURSE, DATA, "06_echo_server", 0, 0, {UNANSWERED,
     LATER_SILENT}, {WAITALL, RECV_SENT_LESS, LOST_REST},
     "{1}. A piece was answered and a later one was not, or not all of it: a "
     "count of what is sent begins at 0 again for each"},
    {"took_for_all", COURSE, DATA, "06_echo_server", 0, 0, {TOOK_FOR_ALL},
     {RESENT_ALL, RESENT_PART},
     "recv gave {1} bytes, and that was taken for everything: the stream has no "
     "messages, go on until recv returns 0, its end"},
    {"zeros", COURSE, ANY, "", 0, 0, {ZEROS}, {0},
     "recv returned 0 again and again: 0 is the end of the stream, and there "
     "will never be more"},
    {"one_recv", COURSE, DATA, "06_echo_client", 0, 0, {ONE_RECV},
     {MISCOUNTED, STREAM_SHORT, SAYS_DIFFERS},
     "one recv was taken for the whole message: the stream has no messages, ask "
     "again until all have come"},
    {"miscounted", COURSE, DATA, "06_echo_client", 0, 0, {MISCOUNTED},
     {BLAMED},
     "{1}: what recv returns is to be added up, each time. (In n = recv(…) <= 0 "
     "the comparison comes first, and n is its result: (n = recv(…)) <= 0)"},
    {"same_place", COURSE, DATA, "06_echo_client", 0, 0, {SAME_PLACE,
     FALSE_DIFFERENCE}, {0},
     "each recv has written to the start of the buffer, over what had come: the "
     "next one begins behind it, echo + got"},
    {"false_difference", COURSE, DATA, "06_echo_client", 0, 0,
     {FALSE_DIFFERENCE}, {SAME_PLACE, STREAM_SHORT, LOST_REST, RESENT_PART},
     "it says \"{1}\", and the echo is right: the two bytes that it compares "
     "stand at different places"},
    {"stream_short", COURSE, DATA, "06_echo_client", 0, 0, {STREAM_SHORT},
     {LOST_REST}, "{1}"},
    {"waits_between", COURSE, DATA, "06_echo_client", 0, 0, {WAITS_BETWEEN},
     {STREAM_SHORT, LOST_REST},
     "it waits for an echo before all of the message was sent ({1} bytes): send "
     "everything first"},
    {"waits_for_end", COURSE, ANY, "06_echo_client", 0, 0, {WAITS_FOR_END},
     {0},
     "it has all of the echo and waits for the end of the server's stream, and "
     "the server waits for the client's: half-close with shutdown(fd, SHUT_WR), "
     "or count the bytes"},
    {"early_end", COURSE, ABOUT(REPORT) | ABOUT(END) | ABOUT(LINE),
     "06_echo_client", 0, 0, {EARLY_END}, {ZEROS, BLAMED},
     "{1}: that is the end of the stream, and not of the echo"},
    {"as_format", COURSE, DATA, "06_echo_client", 0, 0, {AS_FORMAT}, {0},
     "the % signs of the message have done something: bytes that came are an "
     "argument of printf, never its format"},
    {"busy", COURSE, ANY, "", 0, 0, {BUSY}, {0},
     "{1}: busy waiting. Let the kernel wake you: a blocking call, or poll(2)"},

    // --------------------------------------------------- step 7: a limited wait
    {"poll_elsewhere", ARGUMENT, ANY, "07", 0, 0, {POLL_ELSEWHERE}, {0},
     "{1}: fd of the struct pollfd was not set to it"},
    {"poll_for_input", ARGUMENT, ANY, "07", 0, 0, {POLL_NO_OUT}, {POLL_ELSEWHERE},
     "poll was not asked for POLLOUT: a connection that stands makes the socket "
     "writable, and readable only when bytes come"},
    {"waits_too_long", ARGUMENT, ANY, "07", 0, 0, {POLL_LONG},
     {POLL_ELSEWHERE, NO_ROOM, OPTION_LEVEL}, "{1}"},
    {"waits_too_short", ARGUMENT, ABOUT(TIME) | ABOUT(CPU) | ABOUT(HOLD) |
     ABOUT(REPORT), "07", 0, 0, {POLL_SHORT}, {0},
     "{1}: poll counts in milliseconds; a struct timeval has seconds and "
     "microseconds, a struct timespec seconds and nanoseconds"},
    {"waits_for_ever", ARGUMENT, ABOUT(TIME) | ABOUT(REPORT) | ABOUT(END), "07",
     0, 0, {POLL_FOR_EVER}, {0},
     "the wait was given a negative time, which is for ever: TIMEOUT_MS is meant "
     "for it"},
    {"send_time", ARGUMENT, ABOUT(TIME) | ABOUT(CPU) | ABOUT(HOLD) |
     ABOUT(REPORT) | ABOUT(END), "07", 0, 0, {SEND_TIME}, {0},
     "{1}: in a struct timeval tv_sec takes the seconds, and tv_usec the rest in "
     "microseconds. (0 of both is no limit)"},
    {"receive_time", ARGUMENT, ANY, "07", 0, 0, {IN_CONNECT, RECV_TIME}, {0},
     "SO_RCVTIMEO limits accept and recv: what limits connect is SO_SNDTIMEO"},
    {"no_limit", COURSE, ANY, "07", 0, 0, {IN_CONNECT}, {RECV_TIME, SEND_TIME},
     "connect sleeps in the kernel, and nothing limits that to TIMEOUT_MS: "
     "O_NONBLOCK (F_SETFL), set before connect, and poll after it; or "
     "SO_SNDTIMEO, or an alarm"},
    {"time_is_up", COURSE, ANY, "07", 0, 0, {BEGUN, NOT_CONNECTED, TIMED_OUT},
     {POLL_ELSEWHERE},
     "the wait returned 0: the time is up and nothing has come. That is no "
     "connection, and SO_ERROR is 0 still"},
    {"value_not_used", COURSE, ANY, "07", 0, 0, {BEGUN, NOT_CONNECTED,
     ERROR_SAID}, {TIMED_OUT},
     "the value of SO_ERROR was \"{3}\": there is no connection. What getsockopt "
     "itself returns, 0, says only that it could answer"},
    {"silence_refused", COURSE, ANY, "07", 0, 0, {BEGUN, TIMED_OUT,
     SAYS_REFUSED}, {BLAMED},
     "the wait returned 0: nobody has answered, neither yes nor no. Refused is "
     "what the value of SO_ERROR says; silence is ETIMEDOUT"},
    {"advice_on_stdout", COURSE, ABOUT(REPORT), "07", 0, 0, {ADVICE_ON_STDOUT},
     {0},
     "the advice stands on stdout: it belongs to the error, on stderr, which is "
     "not mixed up with results"},
    {"no_so_error", COURSE, ANY, "07", 0, 0, {BEGUN, NOT_CONNECTED},
     {ERROR_ASKED, TIMED_OUT, NO_ROOM},
     "writable means that it is decided, not that it is connected: ask "
     "getsockopt for SO_ERROR"},
    {"progress_time_up", COURSE, ANY, "07", 0, 0, {BEGUN, SAYS_PROGRESS,
     BEGUN_LONG}, {0},
     "EINPROGRESS after SO_SNDTIMEO means that the time is up"},
    {"progress_poll_0", COURSE, ANY, "07", 0, 0, {BEGUN, SAYS_PROGRESS,
     TIMED_OUT}, {BEGUN_LONG},
     "the wait returned 0: the time is up. That sets no errno, which is still "
     "EINPROGRESS, of connect: the reason is ETIMEDOUT"},
    {"progress_errno", COURSE, ANY, "07", 0, 0, {BEGUN, SAYS_PROGRESS,
     ERROR_ASKED}, {BEGUN_LONG, TIMED_OUT, NO_ROOM},
     "errno is still EINPROGRESS, from connect: why there is no connection is in "
     "the value of SO_ERROR"},
    {"progress", COURSE, ANY, "07", 0, 0, {BEGUN, SAYS_PROGRESS},
     {BEGUN_LONG, TIMED_OUT, ERROR_ASKED, NO_ROOM},
     "EINPROGRESS is no failure: the answer is on its way. Wait until the socket "
     "is writable, then ask for SO_ERROR"},

    // ------------------------------------------------------- step 8: names
    {"asked_family", ARGUMENT, ANY, "08", 0, 0, {ASKED_FAMILY}, {0},
     "getaddrinfo was asked for {1} only: ai_family AF_UNSPEC asks for both"},
    {"resolver_words", ARGUMENT, ABOUT(REPORT) | ABOUT(END), "08", 0, 0,
     {RESOLVER_ERRNO}, {0},
     "getaddrinfo returns errors of its own, and errno is not one of them: "
     "gai_strerror has the words, not perror"},
    {"six_on_four", ARGUMENT, ANY, "08", 0, 0, {SIX_ON_FOUR}, {SHORT_LENGTH},
     "a socket of AF_INET can't have an address of IPv6: make it with the "
     "ai_family of each address"},
    {"triples", ARGUMENT, ANY, "08", 0, 0, {TRIPLES}, {0},
     "ai_socktype was not set: then each address comes three times, for TCP, UDP "
     "and raw sockets"},
    {"addresses_left", COURSE, ANY, "08", 0, 0, {ADDRESSES_LEFT}, {0},
     "{1} addresses were tried: whether one works or not, the next is at "
     "ai_next"},
    {"resolver_status", COURSE, ABOUT(REPORT) | ABOUT(END), "08", 0, 0,
     {RESOLVER_TOLD, ENDED_0}, {0},
     "getaddrinfo failed, and the exit status was 0, which means success"},
    {"one_works", COURSE, ABOUT(END), "08", 0, 0, {ONE_WORKS, ENDED_1}, {0},
     "one address has worked, and that is success, status 0, whatever became of "
     "those before and after it"},
    {"loopback_denied", COURSE, ABOUT(LINE), "08", 0, 0, {LOOPBACK_DENIED}, {0},
     "all of 127.0.0.0/8 is loopback, sixteen million addresses: the first of the "
     "four bytes decides. s_addr is in network byte order, so that byte is "
     "ntohl(s_addr) >> 24"},
    {"loopback_six", COURSE, ABOUT(LINE), "08", 0, 0, {LOOPBACK_SIX}, {0},
     "::1 is the loopback address of IPv6: IN6_IS_ADDR_LOOPBACK asks for it"},
    {"loopback_claimed", COURSE, ABOUT(LINE), "08", 0, 0, {LOOPBACK_CLAIMED},
     {0},
     "that is an address of this host outside 127.0.0.0/8, and not ::1: what goes "
     "to it uses lo, but it is not a loopback address"},
    {"counter_zero", COURSE, ABOUT(BYTES), "08", 0, 0, {COUNTER_ZERO}, {0},
     "0 bytes: the counter was not found (blanks stand before \"lo:\" in its "
     "line), or both times read after the trip"},
};
// clang-format on

const int rule_count = sizeof rules / sizeof *rules;
