/* docs/asyncapi.yaml: the topics that others read and write, from the topic table, the contracts and the table of public
 * fields. One thread; writes to the stream and keeps nothing. */
#ifndef BHR_TOOLS_ASYNCAPI_H
#define BHR_TOOLS_ASYNCAPI_H

#include <stdio.h>

void asyncapi_print(FILE *out);

#endif
