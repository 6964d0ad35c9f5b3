// Outcome: killed: of memory
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    static char chunk[1 << 20];

    for (int i = 0; i < 60; i++) {
        int fd = memfd_create("hog", 0);
        for (int mib = 0; mib < 60; mib++)
            (void)!write(fd, chunk, sizeof chunk);
    }
    pause();
}
