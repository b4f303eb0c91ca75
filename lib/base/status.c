/* Names of the statuses. Pure: a table and a look-up. */
#include "lib/base/status.h"

#include "lib/base/assert.h"

const char *status_name(enum status status) {
    switch (status) {
#define X(code, name)                                                                                                  \
    case code:                                                                                                         \
        return name;
        STATUS_TABLE(X)
#undef X
    }
    bhr_assert_failed("status is one of STATUS_TABLE", __FILE__, __LINE__);
}
