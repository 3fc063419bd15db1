/* vafa-followup: the followup service in a process of its own. */
#include "service/run.h"
#include "services/followup/followup.h"

int main(int argc, char **argv)
{
    static const struct service_def *const services[] = {&followup_service};
    return service_main(argc, argv, services, 1);
}
