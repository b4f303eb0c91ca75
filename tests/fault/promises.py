"""The promises, how often each was checked, and what broke it."""
import collections

EXAMPLES_MAX = 5

# name -> what is promised, in the words of the page
PROMISES = {
    "once": "A command that was answered has exactly one accepted entry.",
    "unanswered": "A command that was never answered has at most one.",
    "told": "What was answered is what the entry says, to the byte.",
    "no_entry": "No answer without an accepted entry, but what a door refuses by itself.",
    "repeats": "Asked again, a command gets its first answer again.",
    "strangers": "Every accepted command was asked for, by that system, with that content.",
    "log": "Every command in the log has exactly one accepted entry, in the log's order.",
    "places": "After each entry no slot has more bookings and holds than places.",
    "persons": "Nobody has two bookings at overlapping times.",
    "refusals": "A slot was called full only when it was, at that very entry.",
    "holds": "No hold outlives its expiry, is booked by others, or ends early.",
    "reads": "A read shows the journal as of its position, never an older one than asked.",
    "events": "Public events are the accepted ones: each once, in order, under its key.",
    "stores": "Every store is, row for row, what this program folds the journal to.",
    "service": "When all was mended, every request that was open got its answer.",
}


class Promises:
    def __init__(self):
        self.checked = collections.Counter()
        self.broken = collections.Counter()
        self.examples = {name: [] for name in PROMISES}

    def check(self, name, is_kept, say):
        """say: makes the sentence, when there is something to say."""
        self.checked[name] += 1
        if is_kept:
            return
        self.broken[name] += 1
        if len(self.examples[name]) < EXAMPLES_MAX:
            self.examples[name].append(say())

    def names_broken(self):
        return [name for name in PROMISES if self.broken[name]]
