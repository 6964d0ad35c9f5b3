// Outcome: graded: Saw
#include <string.h>
#include <unistd.h>

int main(void)
{
    static char line[60000];

    memset(line, 'x', sizeof line);
    for (int i = 0; i < 2000; i++) {
        if (write(1, line, sizeof line) == -1 ||
            write(2, line, sizeof line) == -1)
            break;
    }
    return 1;
}
