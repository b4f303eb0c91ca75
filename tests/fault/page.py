"""The page about one run, for a stranger: what ran, what was done to it, what was asked, and whether each promise was
kept. As plain text of at most 100 columns, or as Markdown."""
import bisect
import collections
import json
import os
import textwrap

from history import is_command, read_lines
from ledger_index import DONE, UNDONE, WAITING
from promises import PROMISES

WIDTH = 100
ACCEPTED = ("genesis", "claim", "entry")
SETTLED_US = 2000000  # without anything about when callers were served again: this long after the fault


class Page:
    def __init__(self, is_markdown):
        self.is_markdown, self.lines = is_markdown, []

    def head(self, text, level=2):
        if self.is_markdown:
            self.lines += ["#" * level + " " + text, ""]
        else:
            self.lines += [text, ("=" if level == 1 else "-") * len(text), *[""] * (level == 1)]

    def say(self, text):
        self.lines += textwrap.wrap(text, WIDTH) + [""]

    def bullets(self, items):
        for item in items:
            self.lines += textwrap.wrap(item, WIDTH, initial_indent="- ", subsequent_indent="  ")
        self.lines.append("")

    def table(self, head, rows):
        """The first column to the left, numbers to the right, the last one to the left when it is text."""
        rows = [[str(cell) for cell in row] for row in rows]
        is_number = [all(row[column].replace(",", "").replace(".", "").strip("-") in ("",) or row[column][:1].isdigit()
                         for row in rows) for column in range(len(head))]
        if self.is_markdown:
            self.lines.append("| " + " | ".join(head) + " |")
            self.lines.append("|" + "|".join("---:" if number else "---" for number in is_number) + "|")
            self.lines += ["| " + " | ".join(row) + " |" for row in rows]
        else:
            widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
            for row in [head, *rows]:
                cells = [cell.rjust(width) if number else cell.ljust(width)
                         for cell, width, number in zip(row, widths, is_number)]
                self.lines.append("  " + "  ".join(cells).rstrip())
        self.lines.append("")

    def text(self):
        return "\n".join(self.lines).rstrip() + "\n"


def make_page(judged, is_markdown):
    """judged: a Run (run.py)."""
    page, run = Page(is_markdown), read_run(judged.folder)
    faults = list(read_lines(f"{judged.folder}/nemesis.jsonl"))
    broken = judged.promises.names_broken()
    found = f"{len(broken)} of {len(PROMISES)} promises BROKEN" if broken else "every promise was kept"
    page.head(f"Under faults: {found}", 1)
    what_ran(page, judged, run, faults)
    what_was_done(page, judged.booking, faults)
    what_was_asked(page, judged)
    what_the_journals_say(page, judged)
    promises(page, judged.promises)
    page.head("Verdict")
    page.say("Every promise was kept." if not broken else "BROKEN: " + ", ".join(broken) + ".")
    return page.text()


def read_run(folder):
    """What whoever started it knows; nothing of it is needed."""
    path = f"{folder}/run.json"
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def what_ran(page, judged, run, faults):
    known = [f"{name} {run[key]}" for name, key in (("seed", "seed"), ("commit", "commit"), ("build", "build"), ("on", "at"))
             if key in run]
    asked = [sum(len(calls) for method, calls in case.calls.items() if is_command(method)) for case in judged.cases.values()]
    questions = sum(len(calls) for case in judged.cases.values() for method, calls in case.calls.items()
                    if not is_command(method))
    lasted = f"{(run['until_us'] - run['from_us']) / 1e6:,.0f} s under faults. " if "until_us" in run else ""
    page.say(f"{run.get('machine', 'One machine')}; {', '.join(known) or 'nothing else is known of it'}. {lasted}"
             f"{len(judged.clients)} clients asked booking {asked[0]:,} and the index {asked[1]:,} commands, and both "
             f"{questions:,} questions; {len(faults)} faults were drawn.")
    for what, why in run.get("skipped", {}).items():
        page.say(f"Skipped: {what}, because {why}")


def gap_us(fresh_us, fault):
    """The longest time without a command newly decided and answered, of those that overlap the fault."""
    since, until = fault["at_us"], fault.get("back_us") or fault["until_us"] + SETTLED_US
    first, last = max(0, bisect.bisect_left(fresh_us, since) - 1), bisect.bisect_right(fresh_us, until)
    times = fresh_us[first:last] + [until]
    return max((later - earlier for earlier, later in zip(times, times[1:])), default=until - since)


def what_was_done(page, case, faults):
    page.head("Faults drawn, and the gap in service around each")
    of_kind = collections.defaultdict(list)
    for fault in faults:
        of_kind[fault["fault"]].append(fault)
    rows = []
    for kind, of_it in sorted(of_kind.items(), key=lambda item: -len(item[1])):
        gaps = sorted(gap_us(case.fresh_us, fault) for fault in of_it)
        limits = sorted({(fault.get("timeout") or "", fault.get("timeout_ms") or 0) for fault in of_it}, reverse=True)
        owner, limit_ms = limits[0]
        rows.append([kind, len(of_it), f"{gaps[len(gaps) // 2] / 1e6:.2f}", f"{gaps[-1] / 1e6:.2f}",
                     f"the {owner}'s {limit_ms / 1000:.1f} s" if owner else "-"])
    page.table(["fault", "times", "median, s", "longest, s", "of it a limit"], rows)
    page.say("That long nobody was booked: the time between two commands of booking newly decided and answered, anywhere. "
             "Faults overlap: a long gap may be another one's. The longest of the whole run was "
             f"{max((b - a for a, b in zip(case.fresh_us, case.fresh_us[1:])), default=0) / 1e6:.2f} s.")

    what_was_seen(page, [fault.get("detail") or {} for fault in faults])


def what_was_seen(page, details):
    """What the nemesis noted beyond times: of processes that were there twice, and of a cluster that had lost its majority."""
    clones = [detail for detail in details if "claims" in detail]
    if clones:
        page.say(f"A process was cloned with its store {len(clones)} times. The clones claimed the partition "
                 f"{sum(detail['claims'] for detail in clones)} times by the rule, like anybody, and decided "
                 f"{sum(detail['entries'] for detail in clones)} entries.")
    stopped = [detail["answered_meanwhile"] for detail in details if "answered_meanwhile" in detail]
    if stopped:
        page.say(f"Two of the three brokers were gone {len(stopped)} times. From a second later on until they were back, "
                 f"{sum(stopped)} commands were answered.")


def what_was_asked(page, judged):
    page.head("What callers were told")
    page.say("Every answer counts, also each \"ask again\" of a door on the way to the real one.")
    rows = [[method, outcome, f"{count:,}"] for case in judged.cases.values()
            for method, outcomes in sorted(case.outcomes.items()) for outcome, count in outcomes.most_common()]
    page.table(["method", "told", "times"], rows)


def what_the_journals_say(page, judged):
    page.head("The journals")
    ledger, index = judged.booking.ledger, judged.index.ledger
    bookings, merges = ledger.bookings.values(), [merge[0] for merge in index.merges.values()]
    page.say(f"{of_journal('Booking', judged.booking)} It folds to {len(ledger.sessions):,} sessions and {len(bookings):,} "
             f"bookings, {sum(one.status == 1 for one in bookings):,} of which stand, for {len(ledger.booked_for):,} people; "
             f"{judged.identity.followed:,} changes of the index's persons were followed.")
    page.say(f"{of_journal('The index', judged.index)} It folds to {len(index.groups):,} records of "
             f"{sum(index.root(group) == group for group in index.parents):,} persons; {merges.count(DONE)} merges stand, "
             f"{merges.count(UNDONE)} were taken back, and {merges.count(WAITING)} wait for a second steward.")
    rejected = [[name, case.service, count] for case in judged.cases.values()
                for name, count in sorted(case.verdicts.items()) if name not in ACCEPTED]
    if rejected:
        page.table(["rejected because of", "by readers of", "records"], rejected)


def of_journal(whose, case):
    accepted = {name: case.verdicts.get(name, 0) for name in ACCEPTED}
    rejected = sum(case.verdicts.values()) - sum(accepted.values())
    return (f"{whose}: {accepted['entry']:,} entries were accepted under {accepted['claim']} owners; {rejected} records of "
            "owners that were none any more were rejected.")


def promises(page, found):
    page.head("What was promised")
    page.table(["promise", "checked", "kept"],
               [[sentence, f"{found.checked[name]:,}", verdict(found, name)] for name, sentence in PROMISES.items()])
    for name in found.names_broken():
        page.head(f"Broken: {name} ({found.broken[name]:,} times)", 3)
        page.bullets(found.examples[name])


def verdict(found, name):
    if found.broken[name]:
        return f"BROKEN {found.broken[name]:,} times"
    return "yes" if found.checked[name] else "never checked"
