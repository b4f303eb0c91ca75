/* The search behind the index's derived structure. What it finds is evidence only (services/index/README.md), so a simple
 * one of the same shape does: the real one is tested in tests/search. */
#include "tests/support/search_stand_in.h"
