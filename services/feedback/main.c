/* vafa-feedback: the feedback service in a process of its own. */
#include "service/run.h"
#include "services/feedback/feedback.h"

int main(int argc, char **argv)
{
    static const struct service_def *const services[] = {&feedback_service};
    return service_main(argc, argv, services, 1);
}
