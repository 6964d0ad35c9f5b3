// SPDX-License-Identifier: MIT
/**
 * @file outcome.h
 * @brief How a test ends before its end, and what it can note beside its verdict.
 *
 * The equipment knows no framework: lab.c says what these do in a test; in any
 * other program they print and exit.
 */

#ifndef LAB_OUTCOME_H
#define LAB_OUTCOME_H

struct outcome {
    void (*failed)(const char *why);
    void (*skipped)(const char *why);
    void (*trouble)(const char *what);
    void (*remark)(const char *what);
};
void set_outcome(struct outcome what);

/// A program of a student's is wrong.
_Noreturn void end_failed(const char *why);
/// This machine can't try it.
_Noreturn void skip_test(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
/// The test can't go on, and the program is not to blame.
_Noreturn void lab_trouble(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
/// The same after a call that failed: its name and errno's words.
_Noreturn void call_trouble(const char *call);
/// Something worth saying about a program that passes.
void note_remark(const char *what);

#endif
