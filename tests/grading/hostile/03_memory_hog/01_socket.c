// Outcome: killed: of memory
#include <stdlib.h>
#include <string.h>

int main(void)
{
    enum { PIECE = 16 << 20 };

    for (;;) {
        char *piece = malloc(PIECE);
        if (piece != NULL)
            memset(piece, 1, PIECE);
    }
}
