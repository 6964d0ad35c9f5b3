// Outcome: killed: of memory
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    size_t size = 900UL << 20;
    char *all = mmap(NULL, size, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (all != MAP_FAILED)
        memset(all, 1, size);
    pause();
}
