// Outcome: graded: 0 files made
#include <fcntl.h>
#include <stdio.h>

int main(void)
{
    static const char *const places[] = {"", "/tmp/", "/dev/shm/", "/work/"};
    int made = 0;

    for (int i = 0; i < 100000; i++) {
        char name[64];
        snprintf(name, sizeof name, "%sfile%d", places[i % 4], i);
        made += open(name, O_WRONLY | O_CREAT | O_EXCL, 0600) != -1;
        if (i == 1000 && made == 0)
            break;
    }
    fprintf(stderr, "%d files made\n", made);
    return 1;
}
