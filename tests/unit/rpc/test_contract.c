/*
 * No message type of the contract contains itself: protobuf-c unpacks by recursion without a limit.
 * The lists of services and messages are made by CMake from the .proto files, so none is forgotten.
 */
#include "base/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "contract_headers.inc"

#define DEPTH_MAX 16

static const ProtobufCServiceDescriptor *const services[] = {
#include "contract_services.inc"
};

static const ProtobufCMessageDescriptor *const messages[] = {
#include "contract_messages.inc"
};

/* `path` are the types around it. */
static void walk(const ProtobufCMessageDescriptor *type, const ProtobufCMessageDescriptor **path,
                 size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        if (path[i] == type) {
            fail_msg("%s contains itself", type->name);
        }
    }
    if (depth == DEPTH_MAX) {
        fail_msg("%s is nested too deep", type->name);
    }
    path[depth] = type;
    for (unsigned i = 0; i < type->n_fields; i++) {
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) {
            walk(type->fields[i].descriptor, path, depth + 1);
        }
    }
}

static void has_no_recursive_message(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *path[DEPTH_MAX + 1];
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        for (unsigned method = 0; method < services[i]->n_methods; method++) {
            walk(services[i]->methods[method].input, path, 0);
            walk(services[i]->methods[method].output, path, 0);
        }
    }
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        walk(messages[i], path, 0);
    }
}

static void names_methods_with_two_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        for (unsigned method = 0; method < services[i]->n_methods; method++) {
            const char *name = services[i]->methods[method].name;
            size_t capitals = 0;
            for (const char *at = name; *at != '\0'; at++) {
                capitals += *at >= 'A' && *at <= 'Z';
            }
            if (capitals < 2) { /* protoc-c makes C members of them, and `register` is a keyword */
                fail_msg("%s.%s has one word", services[i]->name, name);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_no_recursive_message),
        cmocka_unit_test(names_methods_with_two_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
