/* The methods: who may call which, and where each is checked, decided and read. */
#include "services/intake/intake_amend.h"
#include "services/intake/intake_calls.h"
#include "services/intake/intake_internal.h"
#include "services/intake/intake_search.h"
#include "services/intake/intake_storms.h"
#include "services/intake/intake_suggest.h"

#define ROLES_DESK (ROLE_BIT(RPC_ROLE_FRONT_END) | ROLE_BIT(RPC_ROLE_ADMIN))
/* Whoever is known may ask where a request stands: nothing in it is personal. */
#define ROLES_KNOWN                                                                                \
    (ROLE_BIT(RPC_ROLE_FRONT_END) | ROLE_BIT(RPC_ROLE_OFFICE) | ROLE_BIT(RPC_ROLE_SERVICE) |       \
     ROLE_BIT(RPC_ROLE_LEADERSHIP) | ROLE_BIT(RPC_ROLE_IMPORT) | ROLE_BIT(RPC_ROLE_ADMIN))

const struct service_method intake_methods[] = {
    {
        .name = "RegisterCase",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK | ROLE_BIT(RPC_ROLE_IMPORT),
        .check = intake_check_register,
        .prepare = intake_prepare_register,
        .decide = intake_decide_register,
    },
    {
        .name = "GetCase",
        .kind = METHOD_READ,
        .roles = ROLES_KNOWN,
        .read = intake_read_get,
    },
    {
        .name = "ListCases",
        .kind = METHOD_READ,
        .roles = ROLES_DESK,
        .check = intake_check_list,
        .read = intake_read_list,
    },
    {
        .name = "RevealCase",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .check = intake_check_reveal,
        .decide = intake_decide_reveal,
        .read = intake_read_reveal,
    },
    {
        .name = "SuggestTopics",
        .kind = METHOD_READ,
        .is_unhurried = intake_suggest_is_unhurried,
        .roles = ROLES_DESK,
        .check = intake_check_suggest,
        .read = intake_read_suggest,
    },
    {
        .name = "ForgetCitizen",
        .kind = METHOD_COMMAND,
        .roles = ROLE_BIT(RPC_ROLE_ADMIN),
        .check = intake_check_forget,
        .decide = intake_decide_forget,
    },
    {
        .name = "ListLooks",
        .kind = METHOD_READ,
        .roles = ROLE_BIT(RPC_ROLE_ADMIN),
        .read = intake_read_looks,
    },
    {
        .name = "FindSame",
        .kind = METHOD_READ,
        .roles = ROLES_DESK,
        .check = intake_check_find_same,
        .read = intake_read_find_same,
    },
    {
        .name = "GetTopic",
        .kind = METHOD_READ,
        .roles = ROLES_KNOWN,
        .read = intake_read_topic,
    },
    {
        .name = "ListTopics",
        .kind = METHOD_READ,
        .roles = ROLES_KNOWN,
        .check = intake_check_topics,
        .read = intake_read_topics,
    },
    {
        .name = "JoinCase",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .decide = intake_decide_join,
    },
    {
        .name = "SplitCase",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .decide = intake_decide_split,
    },
    {
        .name = "OpenCall",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .check = intake_check_open_call,
        .decide = intake_decide_open_call,
        .read = intake_read_open_call,
    },
    {
        .name = "EndCall",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .check = intake_check_end_call,
        .decide = intake_decide_end_call,
        .read = intake_read_end_call,
    },
    {
        .name = "RecordCall",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .check = intake_check_record_call,
        .decide = intake_decide_record_call,
        .read = intake_read_record_call,
    },
    {
        .name = "GetCall",
        .kind = METHOD_READ,
        .roles = ROLES_DESK,
        .read = intake_read_get_call,
    },
    {
        .name = "ListCalls",
        .kind = METHOD_READ,
        .slow = true,
        .roles = ROLES_DESK | ROLE_BIT(RPC_ROLE_LEADERSHIP),
        .check = intake_check_list_calls,
        .read = intake_read_list_calls,
    },
    {
        .name = "ChaseCase",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .check = intake_check_chase,
        .decide = intake_decide_chase,
    },
    {
        .name = "AmendCase",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .check = intake_check_amend,
        .decide = intake_decide_amend,
    },
    {
        .name = "WithdrawCase",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .check = intake_check_withdraw,
        .decide = intake_decide_withdraw,
    },
    {
        .name = "AddWords",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .check = intake_check_add_words,
        .decide = intake_decide_add_words,
    },
    {
        .name = "LookUpCase",
        .kind = METHOD_COMMAND,
        .check = intake_check_look_up,
        .decide = intake_decide_look_up,
        .read = intake_read_look_up,
    },
    {
        .name = "SearchCases",
        .kind = METHOD_READ,
        .slow = true,
        .roles = ROLES_DESK,
        .check = intake_check_search,
        .read = intake_read_search,
    },
    {
        .name = "SearchWords",
        .kind = METHOD_COMMAND,
        .roles = ROLES_DESK,
        .check = intake_check_search_words,
        .decide = intake_decide_search_words,
        .read = intake_read_search_words,
    },
    {
        .name = "StartStorm",
        .kind = METHOD_COMMAND,
        .roles = ROLE_BIT(RPC_ROLE_ADMIN),
        .check = intake_check_start_storm,
        .decide = intake_decide_start_storm,
    },
    {
        .name = "EndStorm",
        .kind = METHOD_COMMAND,
        .roles = ROLE_BIT(RPC_ROLE_ADMIN),
        .check = intake_check_end_storm,
        .decide = intake_decide_end_storm,
    },
    {
        .name = "LengthenStorm",
        .kind = METHOD_COMMAND,
        .roles = ROLE_BIT(RPC_ROLE_ADMIN),
        .check = intake_check_lengthen_storm,
        .decide = intake_decide_lengthen_storm,
    },
    {
        .name = "ListStorms",
        .kind = METHOD_READ,
        .roles = ROLES_KNOWN,
        .check = intake_check_storms,
        .read = intake_read_storms,
    },
    {
        .name = "ListStormLeft",
        .kind = METHOD_READ,
        .slow = true,
        .roles = ROLES_DESK | ROLE_BIT(RPC_ROLE_LEADERSHIP),
        .check = intake_check_storm_left,
        .read = intake_read_storm_left,
    },
};
