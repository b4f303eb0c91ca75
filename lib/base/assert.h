/* ASSERT: for bugs, never for data from outside. It stays on in release builds (design section 3, invariant 8).
 * The one function it calls, bhr_assert_failed, is the only foreign symbol the purity gate lets a core file use besides
 * mem* and strlen. */
#ifndef BHR_BASE_ASSERT_H
#define BHR_BASE_ASSERT_H

/* Prints expression, file and line to stderr as one JSON line and aborts. Defined in assert.c, which is not pure. */
_Noreturn void bhr_assert_failed(const char *expression, const char *file, int line);

#define ASSERT(expression) ((expression) ? (void)0 : bhr_assert_failed(#expression, __FILE__, __LINE__))

/* As <assert.h> spells it, without its assert(): for relations among constants. */
#ifndef static_assert
#define static_assert _Static_assert
#endif

#endif
