// Outcome: graded: Saw
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    if (fork() != 0)
        return 1;
    setsid();
    if (fork() != 0)
        return 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(4444)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bind(fd, (struct sockaddr *)&at, sizeof at);
    listen(fd, 1);
    for (;;)
        pause();
}
