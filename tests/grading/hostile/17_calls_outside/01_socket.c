// Outcome: graded: tried to connect to 198.51.100.1:80
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int main(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(80)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, "198.51.100.1", &at.sin_addr);
    connect(fd, (struct sockaddr *)&at, sizeof at);
    perror("connect");
    return 1;
}
