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
    "busy": "Nobody has two bookings at overlapping times, under any identifier.",
    "refusals": "A slot was called full only when it was, at that very entry.",
    "holds": "No hold outlives its expiry, is booked by others, or ends early.",
    "reads": "A read shows the journal as of its position, never an older one than asked.",
    "events": "Public events are the accepted ones: each once, in order, under its key.",
    "stores": "Every store is, row for row, what this program folds the journal to.",
    "index_once": "Index: an answered command has one accepted entry, others at most one.",
    "index_told": "Index: what was answered is what the entry says, and the same asked again.",
    "index_log": "Index: each command in the log was asked for and has one entry, in order.",
    "persons": "Index: after all merges and unmerges persons are what this program folds.",
    "index_reads": "Index: a read shows the journal as of its position, never an older one.",
    "resolves": "Index: every id ever given leads to a person, at every door.",
    "index_stores": "Index: all stores are the same, row for row.",
    "follows": "Changes of persons reached booking once each, in order, as they were meant.",
    "corrected": "IdentityCorrected names exactly the bookings that a wrong merge touched.",
    "whose": "No booking was ever linked to somebody for whom it was not made.",
    "settled": "At the end all who are booked are known to the index; nobody is awaited.",
    "alone": "While no index answered, bookings were made and did not wait for it.",
    "service": "When all was mended, every request that was open got its answer.",
}


class Promises:
    def __init__(self):
        self.checked = collections.Counter()
        self.broken = collections.Counter()
        self.examples = {name: [] for name in PROMISES}

    def count(self, name, times):
        """So many more were looked at and found kept."""
        self.checked[name] += times

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


class OfIndex:
    """What every service promises, under the index's own names."""

    NAMES = {"once": "index_once", "unanswered": "index_once", "told": "index_told", "no_entry": "index_told",
             "repeats": "index_told", "strangers": "index_log", "log": "index_log", "reads": "index_reads",
             "stores": "index_stores"}

    def __init__(self, promises):
        self.promises = promises

    def count(self, name, times):
        self.promises.count(self.NAMES.get(name, name), times)

    def check(self, name, is_kept, say):
        self.promises.check(self.NAMES.get(name, name), is_kept, say)
