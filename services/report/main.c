/* vafa-report: the reporting service in a process of its own. */
#include "service/run.h"
#include "services/report/report.h"

int main(int argc, char **argv)
{
    static const struct service_def *const services[] = {&report_service};
    return service_main(argc, argv, services, 1);
}
