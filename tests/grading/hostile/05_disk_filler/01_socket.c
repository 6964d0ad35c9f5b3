// Outcome: graded: nothing could be written
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    static const char *const places[] = {
        "x",       "/x",     "/tmp/x", "/dev/shm/x", "/work/x",
        "/src/x",  "/kit/x", "/dev/x", "/var/tmp/x", "/run/x",
        "/home/x", "/usr/x", "/etc/x"};
    static char chunk[1 << 20];
    int written = 0;

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int fd = open(places[i], O_WRONLY | O_CREAT, 0600);
        while (fd != -1 && write(fd, chunk, sizeof chunk) > 0)
            written++;
    }
    fprintf(stderr,
            written == 0 ? "nothing could be written\n" : "%d MiB written\n",
            written);
    return 1;
}
