/* vafa-routing: the routing service in a process of its own. */
#include "service/run.h"
#include "services/routing/routing.h"

int main(int argc, char **argv)
{
    static const struct service_def *const services[] = {&routing_service};
    return service_main(argc, argv, services, 1);
}
