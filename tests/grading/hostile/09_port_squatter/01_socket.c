// Outcome: graded: Saw
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void)
{
    for (int port = 1024; port < 65536; port++) {
        struct sockaddr_in at = {.sin_family = AF_INET,
                                 .sin_port = htons(port)};
        bind(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&at, sizeof at);
        bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&at,
             sizeof at);
    }
    return 1;
}
