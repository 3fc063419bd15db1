/* vafa-intake: the intake service in a process of its own. */
#include "service/run.h"
#include "services/intake/intake.h"

int main(int argc, char **argv)
{
    static const struct service_def *const services[] = {&intake_service};
    return service_main(argc, argv, services, 1);
}
