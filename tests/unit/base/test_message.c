/* Unpacking what is good and refusing what is not. */
#include "base/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sample.pb-c.h"

#include <math.h>
#include <string.h>

#define CAP_BYTES ((size_t)256 * 1024)

static enum status unpack(const void *data, size_t size, enum message_unknown unknown,
                          struct arena *arena, Sample__Outer **ret_outer, struct error *err)
{
    ProtobufCMessage *message = NULL;
    enum status status = message_unpack(&sample__outer__descriptor, bytes_of(data, size), unknown,
                                        arena, &message, err);
    if (status == STATUS_OK && ret_outer != NULL) {
        *ret_outer = (Sample__Outer *)message;
    }
    return status;
}

/* The bytes are refused, with this field. */
static void assert_refused(const void *data, size_t size, const char *field)
{
    struct arena *arena = arena_new(CAP_BYTES);
    struct error err = ERROR_NONE;
    assert_int_equal(unpack(data, size, MESSAGE_UNKNOWN_REFUSE, arena, NULL, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_int_equal(err.status, STATUS_INVALID_ARGUMENT);
    assert_string_equal(err.field, field);
    assert_true(err.message[0] != '\0');
    arena_free(arena);
}

static void unpacks_what_was_packed(void **state)
{
    (void)state;
    Sample__Inner inner = SAMPLE__INNER__INIT;
    inner.street = "چهارباغ";
    char *words[] = {"یک", ""};
    int32_t counts[] = {1, -1, 300};
    Sample__Outer outer = SAMPLE__OUTER__INIT;
    outer.name = "نام";
    outer.number = INT64_MIN;
    outer.place = &inner;
    outer.words = words;
    outer.n_words = 2;
    outer.counts = counts;
    outer.n_counts = 3;
    outer.answer_case = SAMPLE__OUTER__ANSWER_TEXT;
    outer.text = "بله";
    struct buffer packed = BUFFER_EMPTY;
    message_pack(&outer.base, &packed);

    struct arena *arena = arena_new(CAP_BYTES);
    Sample__Outer *back = NULL;
    struct error err;
    assert_int_equal(unpack(packed.data, packed.size, MESSAGE_UNKNOWN_REFUSE, arena, &back, &err),
                     STATUS_OK);
    buffer_fini(&packed); /* the message borrows nothing from it */
    assert_string_equal(back->name, "نام");
    assert_true(back->number == INT64_MIN);
    assert_string_equal(back->place->street, "چهارباغ");
    assert_int_equal(back->n_words, 2);
    assert_string_equal(back->words[1], "");
    assert_int_equal(back->counts[2], 300);
    assert_string_equal(back->text, "بله");
    arena_free(arena);
}

static void takes_an_empty_message(void **state)
{
    (void)state;
    struct arena *arena = arena_new(CAP_BYTES);
    Sample__Outer *back = NULL;
    assert_int_equal(unpack(NULL, 0, MESSAGE_UNKNOWN_REFUSE, arena, &back, NULL), STATUS_OK);
    assert_string_equal(back->name, "");
    assert_null(back->place);
    arena_free(arena);
}

static void refuses_text_that_is_not_utf8_at_any_depth(void **state)
{
    (void)state;
    assert_refused("\x0A\x02\xC0\x80", 4, "name");                     /* overlong */
    assert_refused("\x5A\x05\x0A\x03\xED\xA0\x80", 7, "place.street"); /* a surrogate */
    assert_refused("\x62\x01\xFF", 3, "words");
    assert_refused("\x7A\x01\x80", 3, "text");
    assert_refused("\x5A\x05\x12\x03\x0A\x01\xFF", 7, "place.inner.street");
}

static void refuses_a_nul_inside_text(void **state)
{
    (void)state;
    assert_refused("\x0A\x03"
                   "a\0b",
                   5, "name");
    assert_refused("\x0A\x01\x00", 3, "name");
    assert_refused("\x72\x03\x0A\x01\x00", 5, "places.street");
}

static void refuses_a_bad_text_that_a_later_one_replaces(void **state)
{
    (void)state;
    assert_refused("\x0A\x01\xFF\x0A\x01z", 6, "name");
}

static void refuses_malformed_bytes(void **state)
{
    (void)state;
    assert_refused("\x0A", 1, "");       /* no length */
    assert_refused("\x0A\x05zz", 4, ""); /* shorter than announced */
    assert_refused("\x10\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", 11, ""); /* over 64 bits */
    assert_refused("\x00\x01", 2, "");                                      /* field 0 */
    assert_refused("\x0B\x0C", 2, "");                                      /* a group */
    assert_refused("\x08\x01", 2, "name");    /* a number where text is due */
    assert_refused("\x12\x01z", 3, "number"); /* text where a number is due */
    assert_refused("\x6A\x01\x80", 3, "");    /* half a number in a packed list */
    assert_refused("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11, ""); /* a huge length */
}

static void refuses_unknown_fields_of_requests_and_names_their_number(void **state)
{
    (void)state;
    const uint8_t newer[] = {0x0A, 0x01, 'a', 0xA0, 0x06, 0x07}; /* field 100 */
    struct arena *arena = arena_new(CAP_BYTES);
    struct error err = ERROR_NONE;
    assert_int_equal(unpack(newer, sizeof(newer), MESSAGE_UNKNOWN_REFUSE, arena, NULL, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "100"));
    assert_true(message_error_is_unknown_field(&err));

    Sample__Outer *back = NULL;
    assert_int_equal(unpack(newer, sizeof(newer), MESSAGE_UNKNOWN_KEEP, arena, &back, NULL),
                     STATUS_OK);
    assert_string_equal(back->name, "a");
    arena_free(arena);
}

static void says_where_an_unknown_field_is(void **state)
{
    (void)state;
    assert_refused("\x5A\x02\x18\x01", 4, "place");
    struct error err = ERROR_NONE;
    struct arena *arena = arena_new(CAP_BYTES);
    unpack("\x0A\x01\xFF", 3, MESSAGE_UNKNOWN_REFUSE, arena, NULL, &err);
    assert_false(message_error_is_unknown_field(&err));
    arena_free(arena);
}

static void keeps_unknown_fields_when_packed_again(void **state)
{
    (void)state;
    const uint8_t newer[] = {0x0A, 0x01, 'a', 0x10, 0x07};
    struct arena *arena = arena_new(CAP_BYTES);
    ProtobufCMessage *message = NULL;
    assert_int_equal(message_unpack(&sample__outer_old__descriptor, bytes_of(newer, sizeof(newer)),
                                    MESSAGE_UNKNOWN_KEEP, arena, &message, NULL),
                     STATUS_OK);
    struct buffer again = BUFFER_EMPTY;
    message_pack(message, &again);
    assert_true(bytes_equal(buffer_bytes(&again), bytes_of(newer, sizeof(newer))));
    buffer_fini(&again);
    arena_free(arena);
}

/* `depth` messages in one another, the innermost empty; the outermost is an Outer. */
static void nest(int depth, struct buffer *out)
{
    for (int i = 1; i < depth; i++) {
        struct buffer around = BUFFER_EMPTY;
        uint8_t tag = i == depth - 1 ? 0x5A : 0x12;
        uint8_t size = (uint8_t)out->size;
        assert_true(out->size < 128);
        buffer_append(&around, &tag, 1);
        buffer_append(&around, &size, 1);
        buffer_append_bytes(&around, buffer_bytes(out));
        buffer_fini(out);
        *out = around;
    }
}

static void refuses_messages_nested_deeper_than_32(void **state)
{
    (void)state;
    struct arena *arena = arena_new(CAP_BYTES);
    struct buffer deep = BUFFER_EMPTY;
    nest(32, &deep);
    assert_int_equal(unpack(deep.data, deep.size, MESSAGE_UNKNOWN_REFUSE, arena, NULL, NULL),
                     STATUS_OK);
    buffer_clear(&deep);
    nest(33, &deep);
    struct error err;
    assert_int_equal(unpack(deep.data, deep.size, MESSAGE_UNKNOWN_REFUSE, arena, NULL, &err),
                     STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(err.message, "nested"));
    assert_memory_equal(err.field, "place.inner.inner.", 18);
    buffer_fini(&deep);
    arena_free(arena);
}

static void stops_at_the_cap_when_a_message_has_too_many_parts(void **state)
{
    (void)state;
    static uint8_t parts[40000];
    for (size_t i = 0; i < sizeof(parts); i += 2) {
        parts[i] = 0x72; /* an empty Inner in places */
        parts[i + 1] = 0;
    }
    struct arena *arena = arena_new(CAP_BYTES);
    struct error err;
    assert_int_equal(unpack(parts, sizeof(parts), MESSAGE_UNKNOWN_REFUSE, arena, NULL, &err),
                     STATUS_RESOURCE_EXHAUSTED);
    arena_reset(arena);
    assert_int_equal(unpack(parts, 200, MESSAGE_UNKNOWN_REFUSE, arena, NULL, &err), STATUS_OK);
    arena_free(arena);
}

static void never_unpacks_a_bad_string_however_a_message_is_damaged(void **state)
{
    (void)state;
    const uint8_t good[] = "\x0A\x04\xD9\x86\xD8\xA7\x10\x05\x5A\x04\x0A\x02zz\x62\x01y\x7A\x01x";
    struct arena *arena = arena_new(CAP_BYTES);
    for (size_t at = 0; at < sizeof(good) - 1; at++) {
        for (int value = 0; value < 256; value++) {
            uint8_t bad[sizeof(good)];
            memcpy(bad, good, sizeof(good));
            bad[at] = (uint8_t)value;
            arena_reset(arena);
            Sample__Outer *back = NULL;
            struct error err = ERROR_NONE;
            enum status status =
                unpack(bad, sizeof(good) - 1, MESSAGE_UNKNOWN_KEEP, arena, &back, &err);
            assert_true(status == STATUS_OK || status == STATUS_INVALID_ARGUMENT);
            assert_true((status == STATUS_OK) == (back != NULL));
        }
    }
    arena_free(arena);
}

static void assert_json(const Sample__Outer *outer, const char *expected)
{
    struct buffer json = BUFFER_EMPTY;
    message_to_json(&outer->base, &json);
    assert_string_equal(buffer_text(&json), expected);
    buffer_fini(&json);
}

static void writes_json_without_what_is_unset(void **state)
{
    (void)state;
    Sample__Outer outer = SAMPLE__OUTER__INIT;
    assert_json(&outer, "{}");
    outer.answer_case = SAMPLE__OUTER__ANSWER_SCORE; /* set, though it is 0 */
    assert_json(&outer, "{\"score\":0}");
}

static void writes_json_of_every_type(void **state)
{
    (void)state;
    Sample__Inner inner = SAMPLE__INNER__INIT;
    inner.street = "a\"b\\c\n\x01";
    Sample__Inner *places[] = {&inner, &inner};
    int32_t counts[] = {0, -7};
    uint8_t raw[] = {0x00, 0xFF};
    Sample__Outer outer = SAMPLE__OUTER__INIT;
    outer.name = "نام";
    outer.number = INT64_MIN;
    outer.big = UINT64_MAX;
    outer.small = -3;
    outer.fixed = 4000000000U;
    outer.ratio = 0.1;
    outer.single = 0.25F;
    outer.flag = 1;
    outer.colour = SAMPLE__COLOUR__COLOUR_BLUE;
    outer.raw = (ProtobufCBinaryData){.len = 2, .data = raw};
    outer.places = places;
    outer.n_places = 2;
    outer.counts = counts;
    outer.n_counts = 2;
    assert_json(&outer,
                "{\"name\":\"نام\",\"number\":-9223372036854775808,\"big\":18446744073709551615,"
                "\"small\":-3,\"fixed\":4000000000,\"ratio\":0.1,\"single\":0.25,\"flag\":true,"
                "\"colour\":\"COLOUR_BLUE\",\"raw\":\"00ff\",\"counts\":[0,-7],"
                "\"places\":[{\"street\":\"a\\\"b\\\\c\\n\\u0001\"},"
                "{\"street\":\"a\\\"b\\\\c\\n\\u0001\"}]}");
}

static void writes_numbers_json_cannot_hold_as_strings(void **state)
{
    (void)state;
    Sample__Outer outer = SAMPLE__OUTER__INIT;
    outer.ratio = (double)INFINITY;
    assert_json(&outer, "{\"ratio\":\"Infinity\"}");
    outer.ratio = (double)NAN;
    assert_json(&outer, "{\"ratio\":\"NaN\"}");
    outer.ratio = 1.0 / 3.0;
    assert_json(&outer, "{\"ratio\":0.3333333333333333}");
}

static void finds_a_field_by_name_and_type(void **state)
{
    (void)state;
    assert_non_null(message_field(&sample__outer__descriptor, "place", PROTOBUF_C_TYPE_MESSAGE));
    assert_null(message_field(&sample__outer__descriptor, "place", PROTOBUF_C_TYPE_STRING));
    assert_null(message_field(&sample__outer__descriptor, "nowhere", PROTOBUF_C_TYPE_STRING));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpacks_what_was_packed),
        cmocka_unit_test(takes_an_empty_message),
        cmocka_unit_test(refuses_text_that_is_not_utf8_at_any_depth),
        cmocka_unit_test(refuses_a_nul_inside_text),
        cmocka_unit_test(refuses_a_bad_text_that_a_later_one_replaces),
        cmocka_unit_test(refuses_malformed_bytes),
        cmocka_unit_test(refuses_unknown_fields_of_requests_and_names_their_number),
        cmocka_unit_test(says_where_an_unknown_field_is),
        cmocka_unit_test(keeps_unknown_fields_when_packed_again),
        cmocka_unit_test(refuses_messages_nested_deeper_than_32),
        cmocka_unit_test(stops_at_the_cap_when_a_message_has_too_many_parts),
        cmocka_unit_test(never_unpacks_a_bad_string_however_a_message_is_damaged),
        cmocka_unit_test(writes_json_without_what_is_unset),
        cmocka_unit_test(writes_json_of_every_type),
        cmocka_unit_test(writes_numbers_json_cannot_hold_as_strings),
        cmocka_unit_test(finds_a_field_by_name_and_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
