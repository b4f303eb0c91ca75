/* cmocka with the headers that it expects to have been included before it. */
#ifndef BHR_TESTS_SUPPORT_CMOCKA_H
#define BHR_TESTS_SUPPORT_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
