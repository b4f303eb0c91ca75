/* How fields become the text of a line, for log.c only. Pure: it writes into the caller's buffer. */
#ifndef BHR_HOST_LOG_FORMAT_H
#define BHR_HOST_LOG_FORMAT_H

#include "lib/base/buffer.h"
#include "lib/host/log.h"

/* Appends the field as `,"name":value` or ` name=value`. False, with nothing appended, when it does not fit. */
bool log_put_field(struct buffer *line, const struct log_field *field, bool is_json);
/* A quoted JSON string: escaped, invalid UTF-8 replaced, cut at LOG_TEXT_MAX, NHS numbers masked. */
void log_put_json_text(struct buffer *line, struct slice text);

#endif
