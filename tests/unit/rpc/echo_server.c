/* An echo server in a process of its own, for tests that stop or kill it: echo_server URL. Prints
 * its url when it serves; ends when its standard input does. */
#include "echo_service.h"

#include "base/check.h"

#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    struct echo echo;
    char url[128];
    echo_init(&echo, clock_system(), 1024);
    struct rpc_server *server = rig_server(&echo, argv[1], url);
    printf("%s\n", url);
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    rpc_router_drain(echo.router);
    echo_release(&echo);
    rpc_server_stop(server, 1000);
    rpc_server_free(server);
    echo_fini(&echo);
    return 0;
}
