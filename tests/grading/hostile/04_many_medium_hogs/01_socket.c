// Outcome: killed: of memory
#include <stdlib.h>
#include <unistd.h>

int main(void)
{
    enum { PIECE = 100 << 20 };

    for (int i = 0; i < 20; i++)
        if (fork() == 0)
            break;
    volatile char *piece = malloc(PIECE);
    if (piece != NULL)
        for (int i = 0; i < PIECE; i += 4096)
            piece[i] = 1;
    pause();
}
