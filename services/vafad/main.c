/* vafad: all five services in one process, speaking over memory. The embedded default. */
#include "service/run.h"
#include "services/feedback/feedback.h"
#include "services/followup/followup.h"
#include "services/intake/intake.h"
#include "services/report/report.h"
#include "services/routing/routing.h"

int main(int argc, char **argv)
{
    static const struct service_def *const services[] = {
        &intake_service, &routing_service, &followup_service, &feedback_service, &report_service,
    };
    return service_main(argc, argv, services, sizeof services / sizeof services[0]);
}
