/* Sentences that refuse a text file: what stands where, and what was expected. Pure, so that parsers in pure code can say
 * them; what does not fit into the message is cut. */
#ifndef BHR_BASE_REFUSAL_H
#define BHR_BASE_REFUSAL_H

#include "lib/base/buffer.h"
#include "lib/base/status.h"

/* line 3: "foo": expected bar. Of word at most 48 characters are shown, and only printable ones. STATUS_INVALID. */
enum status refusal_of_word(struct error *reterr_error, uint32_t line, struct slice word, const char *expected);

/* Other sentences, piece by piece: begin, pieces, end. */
struct buffer refusal_begin(struct error *reterr_error);
void refusal_text(struct buffer *out, const char *text);
void refusal_number(struct buffer *out, uint64_t number);
/* Ends the sentence in out, which lies over the error's message. STATUS_INVALID. */
enum status refusal_end(struct error *reterr_error, struct buffer *out);

#endif
