// SPDX-License-Identifier: MIT
/**
 * @file record.c
 * @brief Record what programs do with their sockets, and what then passes lo:
 * record SCENARIO.json RECORDING.json [host]
 *
 * The programs are linked with the witness, which records their calls. They
 * run in a network namespace of their own, where libpcap may capture without
 * root; with "host", and where that is not allowed, on this host. trace.py
 * writes the scenario:
 *
 *     {"programs": [{"name": "06_echo_server", "binary": PATH,
 *                    "args": ["127.0.0.1", "PORT"], "held": false}, …],
 *      "acts": [["start", 0], ["settle"], ["enter", 0], …, ["finish"]]}
 *
 * PORT is 4444 in a namespace, else a free port. The acts: start a program;
 * settle: until all of them sleep and nothing passes any more; enter: a line
 * on its stdin; release: a held program may receive; mark: what has passed so
 * far is preparation; finish: until all have ended, or clearly won't.
 */

#include "../../lab/address.h"
#include "../../lab/calls.h"
#include "../../lab/family.h"
#include "../../lab/json.h"
#include "../../lab/kernel.h"
#include "../../lab/launch.h"
#include "../../lab/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <linux/inet_diag.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PROGRAMS_MAX = 4,
    TICK_MS = 20,         ///< how often sleeping programs are looked at
    STILL_LOOKS = 4,      ///< settled: so many looks in a row without news
    SETTLE_MS = 3000,     ///< the longest that this is waited for
    FINISH_MS = 10000,    ///< the longest wait for the end
    QUIET_MS = 1500,      ///< asleep so long and nothing will wake it: a hang
    SPIN_MS = 1000,       ///< CPU time after which it computes for ever
    BUSY_MS = 400,        ///< … and after which it will not settle
    SEGMENTS_MAX = 2000,  ///< those after that are counted only
    OUTPUT_MAX = 1 << 16, ///< of each stream, in bytes
    PAYLOAD_MAX = 32,     ///< bytes of a segment's data that are kept
};

struct program {
    const char *name, *binary;
    struct started it;
    bool started, ended;
    int status;
    char *out, *err;
};

static struct program programs[PROGRAMS_MAX];
static size_t program_count;
static pcap_t *capture;
static json_t *segments, *acts, *tables;
static long long segments_missed;
static int64_t realtime_offset; ///< CLOCK_REALTIME - CLOCK_MONOTONIC
static int only_port;           ///< on a shared network: our port; else 0
static json_t *table;           ///< the one that is being filled

static _Noreturn void die(const char *what, const char *why)
{
    fprintf(stderr, "record: %s: %s\n", what, why);
    exit(1);
}

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t now(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

// ----------------------------------------------------------------- segments

/// One packet of lo, as libpcap gives it: Ethernet, IPv4 or IPv6, TCP.
static void note_segment(u_char *unused, const struct pcap_pkthdr *packet,
                         const u_char *at)
{
    const struct ether_header *ethernet = (const void *)at;
    const u_char *end = at + packet->caplen, *ip = at + sizeof *ethernet;
    char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
    const struct tcphdr *tcp;
    size_t size, head; // of header and data; of the header

    (void)unused;
    if (packet->caplen < sizeof *ethernet + sizeof(struct ip6_hdr))
        return;
    if (ntohs(ethernet->ether_type) == ETHERTYPE_IP) {
        const struct ip *four = (const void *)ip;
        head = (size_t)four->ip_hl * 4;
        tcp = (const void *)(ip + head);
        size = ntohs(four->ip_len) - head;
        inet_ntop(AF_INET, &four->ip_src, from, sizeof from);
        inet_ntop(AF_INET, &four->ip_dst, to, sizeof to);
    } else if (ntohs(ethernet->ether_type) == ETHERTYPE_IPV6) {
        const struct ip6_hdr *six = (const void *)ip;
        tcp = (const void *)(six + 1); // the filter passes no other
        size = ntohs(six->ip6_plen);
        inet_ntop(AF_INET6, &six->ip6_src, from, sizeof from);
        inet_ntop(AF_INET6, &six->ip6_dst, to, sizeof to);
    } else {
        return;
    }
    head = (size_t)tcp->doff * 4;
    if ((const u_char *)(tcp + 1) > end || size < head)
        return;
    int source = ntohs(tcp->source), dest = ntohs(tcp->dest);
    if (only_port != 0 && source != only_port && dest != only_port)
        return;
    if (json_array_size(segments) >= SEGMENTS_MAX) {
        segments_missed++;
        return;
    }
    char data[2 * PAYLOAD_MAX + 1] = "";
    const u_char *byte = (const u_char *)tcp + head;
    for (size_t i = 0; i < PAYLOAD_MAX && byte < end && i < size - head; i++)
        snprintf(data + 2 * i, 3, "%02x", *byte++);
    // Opened for nanoseconds: tv_usec counts those.
    int64_t t = (int64_t)packet->ts.tv_sec * 1000000000 + packet->ts.tv_usec -
                realtime_offset;
    json_array_append_new(
        segments,
        json_pack(
            "{sI ss si ss si ss# sI sI sI si ss}", "t", (json_int_t)t, "from",
            from, "sport", source, "to", to, "dport", dest, "flags",
            text("%s%s%s%s", tcp->syn ? "S" : "", tcp->fin ? "F" : "",
                 tcp->rst ? "R" : "", tcp->ack ? "A" : ""),
            tcp->syn + tcp->fin + tcp->rst + tcp->ack, "seq",
            (json_int_t)ntohl(tcp->seq), "ack", (json_int_t)ntohl(tcp->ack_seq),
            "length", (json_int_t)(size - head), "window",
            (int)ntohs(tcp->window), "data", data));
}

/// Begin to capture. Returns NULL, or why that is not possible here.
static const char *begin_capture(void)
{
    static char why[PCAP_ERRBUF_SIZE];
    struct bpf_program filter;
    pcap_t *lo = pcap_create("lo", why);

    if (lo == NULL)
        return why;
    pcap_set_snaplen(lo, 256);
    pcap_set_immediate_mode(lo, 1);
    pcap_set_buffer_size(lo, 4 << 20);
    pcap_set_tstamp_precision(lo, PCAP_TSTAMP_PRECISION_NANO);
    if (pcap_activate(lo) < 0 || pcap_datalink(lo) != DLT_EN10MB ||
        pcap_compile(lo, &filter, "tcp", 1, PCAP_NETMASK_UNKNOWN) < 0 ||
        pcap_setfilter(lo, &filter) < 0 || pcap_setnonblock(lo, 1, why) < 0) {
        snprintf(why, sizeof why, "%s", pcap_geterr(lo));
        pcap_close(lo);
        return why;
    }
    pcap_freecode(&filter);
    capture = lo;
    return NULL;
}

// ------------------------------------------------------------------- states

static void note_socket(const struct inet_diag_msg *m, void *unused)
{
    char local[INET6_ADDRSTRLEN], remote[INET6_ADDRSTRLEN];

    (void)unused;
    if (only_port != 0 && ntohs(m->id.idiag_sport) != only_port &&
        ntohs(m->id.idiag_dport) != only_port)
        return;
    inet_ntop(m->idiag_family, m->id.idiag_src, local, sizeof local);
    inet_ntop(m->idiag_family, m->id.idiag_dst, remote, sizeof remote);
    json_array_append_new(
        table,
        json_pack("{ss si ss si ss si}", "local", local, "lport",
                  (int)ntohs(m->id.idiag_sport), "remote", remote, "rport",
                  (int)ntohs(m->id.idiag_dport), "state",
                  state_name(m->idiag_state), "unread", (int)m->idiag_rqueue));
}

/// What the kernel's table says just now.
static void note_table(bool still)
{
    int64_t before = now();

    table = json_array();
    each_tcp(AF_INET, 0, 0, 0, note_socket, NULL);
    each_tcp(AF_INET6, 0, 0, 0, note_socket, NULL);
    json_array_append_new(tables,
                          json_pack("{sb sI sI so}", "still", still, "before",
                                    (json_int_t)before, "t", (json_int_t)now(),
                                    "sockets", table));
}

// ----------------------------------------------------------------- programs

static void drain(int *fd, char **kept)
{
    char chunk[4096];
    ssize_t got = -1;

    // Not for ever: some programs never stop to talk.
    for (int i = 0; i < 64 && *fd != -1; i++) {
        if ((got = read(*fd, chunk, sizeof chunk)) <= 0)
            break;
        size_t size = strlen(*kept);
        for (ssize_t k = 0; k < got && size < OUTPUT_MAX; k++)
            (*kept)[size++] = (char)(chunk[k] == '\0' ? '?' : chunk[k]);
        (*kept)[size] = '\0';
    }
    if (*fd != -1 && got == 0) {
        close(*fd);
        *fd = -1;
    }
}

static void start(struct program *p, json_t *about, const char *port)
{
    const char *argv[16] = {p->name}, *envp[8];
    json_t *args = json_object_get(about, "args");
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(args) && i < 14; i++) {
        const char *arg = json_string_value(json_array_get(args, i));
        argv[i + 1] = strcmp(arg, "PORT") == 0 ? port : arg;
    }
    const char *path = getenv("PATH");
    envp[n++] = text("PATH=%s", path != NULL ? path : "/usr/bin:/bin");
    envp[n++] = "LC_ALL=C";
    envp[n++] = "LAB_WITNESS=3";
    envp[n] = NULL;
    struct orders orders = {.lines = true, .states = true};
    orders.gate = json_is_true(json_object_get(about, "held"));
    const char *failed = start_program(
        &(struct start){
            .binary = p->binary, .argv = argv, .envp = envp, .orders = orders},
        &p->it);
    if (failed != NULL)
        die(failed, strerror(errno));
    p->started = true;
}

/// Take what has come: segments, output, ends. Returns whether there was any.
static bool collect(void)
{
    size_t before = json_array_size(segments);
    bool any =
        capture != NULL && pcap_dispatch(capture, -1, note_segment, NULL) > 0;

    for (struct program *p = programs; p < programs + program_count; p++) {
        if (!p->started)
            continue;
        // First whether it has ended, then what it said: nothing is missed.
        if (!p->ended && waitpid(p->it.pid, &p->status, WNOHANG) == p->it.pid)
            p->ended = any = true;
        drain(&p->it.out, &p->out);
        drain(&p->it.err, &p->err);
    }
    if (json_array_size(segments) > before)
        note_table(false);
    return any;
}

/// Whether one of them waits for a time that will come: it has called with a
/// limit, or the kernel repeats a segment for it.
static bool waits_for_time(const struct program *p)
{
    unsigned count = atomic_load(&p->it.record->count);
    const struct call *call =
        count == 0 ? NULL : call_at(p->it.record, count - 1);

    return call != NULL && atomic_load(&call->state) == CALL_ENTERED &&
           call->id != CALL_accept && call->id != CALL_accept4 &&
           call->id != CALL_recv && call->id != CALL_read &&
           (call->id != CALL_poll || call->arg[1] >= 0);
}

/// How all of them are just now.
struct view {
    bool all_ended, all_asleep, timed;
    unsigned long activity;
    long cpu;
};

static struct view look(void)
{
    struct view v = {.all_ended = true, .all_asleep = true};

    for (struct program *p = programs; p < programs + program_count; p++) {
        unsigned long activity;
        long cpu;
        if (!p->started || p->ended)
            continue;
        v.all_ended = false;
        v.timed |= waits_for_time(p);
        if (atomic_load(&p->it.record->gate) == GATE_REACHED)
            continue; // it naps at the witness's gate
        v.all_asleep &= asleep(p->it.pid, &activity, &cpu);
        v.activity += activity + atomic_load(&p->it.record->count);
        v.cpu += cpu;
    }
    return v;
}

/// Collect until there is no news for so long, or all have ended (finish). The
/// end is never news enough: what it sent may be on its way.
static void wait_until_quiet(int quiet_ms, int most_ms, bool finish)
{
    int64_t begin = now(), deadline = begin + 1000000LL * most_ms,
            quiet = begin;
    struct view last = look();
    long cpu_begin = last.cpu;

    while (now() < deadline) {
        struct pollfd fds[1 + 3 * PROGRAMS_MAX];
        nfds_t n = 0;
        if (capture != NULL)
            fds[n++] =
                (struct pollfd){pcap_get_selectable_fd(capture), POLLIN, 0};
        for (struct program *p = programs; p < programs + program_count; p++) {
            if (!p->started)
                continue;
            fds[n++] = (struct pollfd){p->it.out, POLLIN, 0};
            fds[n++] = (struct pollfd){p->it.err, POLLIN, 0};
            fds[n++] = (struct pollfd){p->ended ? -1 : p->it.pidfd, POLLIN, 0};
        }
        poll(fds, n, TICK_MS);
        bool news = collect();
        struct view v = look();
        if (news || !v.all_asleep || v.activity != last.activity)
            quiet = now();
        bool patient = finish && !v.all_ended;
        int64_t still = now() - quiet;
        if (still >= 1000000LL * TICK_MS * STILL_LOOKS &&
            (!patient || (!v.timed && still >= 1000000LL * quiet_ms)))
            return;
        if (v.cpu - cpu_begin > (finish ? SPIN_MS : BUSY_MS))
            return;
        last = v;
    }
}

static void act(json_t *one, json_t *about, const char *port)
{
    const char *what = json_string_value(json_array_get(one, 0));
    size_t who = (size_t)json_integer_value(json_array_get(one, 1));
    struct program *p = &programs[who];

    if (who >= program_count)
        die("no such program in an act", what);
    if (strcmp(what, "enter") == 0 && (!p->started || p->ended))
        return;
    json_array_append_new(acts, json_pack("{sI ss si}", "t", (json_int_t)now(),
                                          "act", what, "program", (int)who));
    bool hopeless = false; // one has failed: nobody is to be its other end
    for (struct program *q = programs; q < programs + program_count; q++)
        hopeless |= q->ended && q->status != 0;
    if (strcmp(what, "start") == 0 && !hopeless)
        start(p, json_array_get(about, who), port);
    else if (strcmp(what, "settle") == 0)
        wait_until_quiet(0, SETTLE_MS, false);
    else if (strcmp(what, "finish") == 0)
        wait_until_quiet(QUIET_MS, FINISH_MS, true);
    else if (strcmp(what, "enter") == 0 && p->started &&
             write(p->it.in, "\n", 1) == -1 && errno != EPIPE)
        die("write", strerror(errno));
    else if (strcmp(what, "release") == 0 && p->started)
        atomic_store(&p->it.record->gate, GATE_OPEN);
    if (strcmp(what, "settle") == 0 || strcmp(what, "finish") == 0)
        note_table(true);
}

// ------------------------------------------------------------------- result

static json_t *address_or_null(const struct sockaddr_storage *any)
{
    return any->ss_family == AF_INET || any->ss_family == AF_INET6
               ? json_string(show_any_address(any))
               : json_null();
}

static json_t *show(const struct call *call, const char *line)
{
    bool returned = atomic_load(&call->state) == CALL_RETURNED;

    return json_pack("{ss si si ss sI so ss* so sI so ss sI so so sI}", "name",
                     call_name(call), "pid", call->pid, "fd", call->fd, "args",
                     show_arguments(call), "result", (json_int_t)call->result,
                     "size", json_integer(call->arg[0]), "error",
                     call->error != 0 ? strerrorname_np(call->error) : NULL,
                     "address", address_or_null(&call->address), "entered",
                     (json_int_t)call->entered_ns, "returned",
                     returned ? json_integer(call->returned_ns) : json_null(),
                     "line", line, "checked", (json_int_t)call->checked_ns,
                     "local", address_or_null(&call->local), "remote",
                     address_or_null(&call->remote), "state",
                     (json_int_t)call->tcp_state);
}

static json_t *calls_of(const struct program *p)
{
    enum { CHUNK = 16 }; // program counters on one command line
    json_t *list = json_array();
    unsigned count = p->started ? atomic_load(&p->it.record->count) : 0;
    const struct call *calls[CHUNK];
    const char *lines[CHUNK];

    for (unsigned i = 0; i < count;) {
        int n = 0;
        for (; i < count && n < CHUNK; i = after_call(i, count))
            if ((calls[n] = call_at(p->it.record, i)) != NULL)
                n++;
        for (int k = 0; k < n; k++)
            lines[k] = "";
        find_lines(p->binary, calls, n, lines);
        for (int k = 0; k < n; k++)
            json_array_append_new(list, show(calls[k], lines[k]));
    }
    return list;
}

static json_t *end_of(const struct program *p)
{
    if (!p->started)
        return json_string("not started");
    if (p->ended && WIFEXITED(p->status))
        return json_integer(WEXITSTATUS(p->status));
    if (p->ended)
        return json_sprintf("SIG%s", sigabbrev_np(WTERMSIG(p->status)));
    unsigned long activity;
    long cpu;
    // One that talks without end sleeps when nobody listens any more.
    bool sleeps = asleep(p->it.pid, &activity, &cpu) && cpu < SPIN_MS / 2;
    return json_string(sleeps ? "asleep" : "running");
}

static const char *free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd == -1 || bind(fd, (struct sockaddr *)&a, size) == -1 ||
        getsockname(fd, (struct sockaddr *)&a, &size) == -1)
        die("a free port", strerror(errno));
    close(fd);
    only_port = ntohs(a.sin_port);
    return text("%d", only_port);
}

int main(int argc, char *argv[])
{
    json_error_t wrong;
    json_t *scenario, *about;
    FILE *file = argc > 2 ? fopen(argv[2], "w") : NULL;

    if (argc < 3)
        die("usage", "record SCENARIO.json RECORDING.json [host]");
    if (file == NULL)
        die(argv[2], strerror(errno));
    if ((scenario = json_load_file(argv[1], 0, &wrong)) == NULL)
        die(argv[1], wrong.text);
    about = json_object_get(scenario, "programs");
    program_count = json_array_size(about);
    if (program_count > PROGRAMS_MAX)
        die(argv[1], "too many programs");

    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_PDEATHSIG, SIGKILL); // what we start dies with us
    int denied = argc > 3 ? EPERM : enter_own_network(NULL);
    const char *port = denied == 0 ? "4444" : free_port();
    realtime_offset = clock_ns(CLOCK_REALTIME) - now();
    segments = json_array();
    acts = json_array();
    tables = json_array();
    const char *blind = begin_capture();

    for (size_t i = 0; i < program_count; i++) {
        json_t *one = json_array_get(about, i);
        programs[i].name = json_string_value(json_object_get(one, "name"));
        programs[i].binary = json_string_value(json_object_get(one, "binary"));
        programs[i].out = calloc(1, OUTPUT_MAX + 1);
        programs[i].err = calloc(1, OUTPUT_MAX + 1);
    }
    json_t *todo = json_object_get(scenario, "acts");
    for (size_t i = 0; i < json_array_size(todo); i++)
        act(json_array_get(todo, i), about, port);

    json_t *list = json_array();
    for (struct program *p = programs; p < programs + program_count; p++)
        json_array_append_new(
            list, json_pack("{ss sI so so so so}", "name", p->name, "made",
                            (json_int_t)(p->started
                                             ? atomic_load(&p->it.record->count)
                                             : 0),
                            "end", end_of(p), "stdout", json_text(p->out),
                            "stderr", json_text(p->err), "calls", calls_of(p)));
    for (struct program *p = programs; p < programs + program_count; p++)
        if (p->started)
            kill(-p->it.pid, SIGKILL);
    reap_children();

    json_t *all = json_pack(
        "{sb si ss* ss* sI so so so so}", "own_network", denied == 0, "port",
        atoi(port), "denied", denied != 0 ? strerror(denied) : NULL, "blind",
        blind, "missed", (json_int_t)segments_missed, "programs", list, "acts",
        acts, "segments", segments, "tables", tables);
    if (all == NULL || json_dumpf(all, file, JSON_INDENT(1)) != 0 ||
        fclose(file) != 0)
        die(argv[2], "can't be written");
    return 0;
}
