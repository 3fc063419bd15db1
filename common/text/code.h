/*
 * Tracking codes: ten digits told over the phone.
 *
 * The first nine are a keyed permutation of the request's number, so they are not guessable in
 * order and need no index: a balanced Feistel network of 8 rounds over 30 bits (round function:
 * SipHash-2-4 of round and half under the key), walked until it falls into [0, 900,000,000), plus
 * 100,000,000 so that no code begins with 0. The tenth is Damm's check digit (H. M. Damm, 2004: a
 * totally anti-symmetric quasigroup of order 10), which catches every single wrong digit and every
 * swap of neighbours.
 */
#ifndef VAFA_TEXT_CODE_H
#define VAFA_TEXT_CODE_H

#include "base/status.h"

#include <stdint.h>

#define CODE_DIGITS 10
#define CODE_SIZE (CODE_DIGITS + 1)
#define CODE_KEY_BYTES 16
#define CODE_NUMBER_MAX UINT64_C(899999999)

/* number: 0..CODE_NUMBER_MAX (CHECKed). */
void code_encode(const uint8_t key[CODE_KEY_BYTES], uint64_t number, char ret_code[CODE_SIZE]);

/* Reads a code as people type it (digits of any script, spaces and dashes between them).
 * Field "code": INVALID_ARGUMENT when it has not ten digits; NOT_FOUND when the check digit is wrong, for
 * nothing has such a code. */
enum status code_decode(const uint8_t key[CODE_KEY_BYTES], const char *text, uint64_t *ret_number,
                        struct error *err);

/* Damm's check digit of a run of ASCII digits: '0'..'9'. */
char code_check_digit(const char *digits);

#endif
