// SPDX-License-Identifier: MIT
/**
 * @file about.h
 * @brief An expectation that was not met.
 */

#ifndef LAB_ABOUT_H
#define LAB_ABOUT_H

/// What an expectation is about: for whoever explains its failure.
enum about {
    ABOUT_USAGE,   ///< arguments that are refused
    ABOUT_LINE,    ///< a line on stdout, its words
    ABOUT_ADDRESS, ///< an address that is told or used
    ABOUT_TIMING,  ///< that a line shows at once
    ABOUT_REPORT,  ///< what a failing call makes of it: stderr, status 1
    ABOUT_RETRY,   ///< that an interrupted call is tried again
    ABOUT_HOLD,    ///< that it waits, and leaves alone what it holds
    ABOUT_OPEN,    ///< sockets and connections: whether they are there
    ABOUT_BYTES,   ///< what comes back, or is counted
    ABOUT_END,     ///< the end of the program or of its stream
    ABOUT_CPU,     ///< that it sleeps
    ABOUT_MEMORY,  ///< what it takes of it
    ABOUT_TIME,    ///< how long it waits for an answer
};

/// An expectation that was not met.
struct failure {
    enum about about;
    const char *expected, *saw;
};

#endif
