"""What callers want of the index, drawn from a seed: practices that register the crowd of wishes.py, 111 that finds out who is
ringing, and stewards who take two for one, wrongly, and take it back after a while. Of people a history has their number in
the crowd and nothing else."""
import collections

from wishes import ENOUGH, FIRST, Wish, Wishes, digest_of
from raw_client import new_id

COMMAND_WEIGHTS = {"111-nel": [("register", 30), ("again", 5), ("not_allowed", 1)],
                   "gp-demo": [("register", 60), ("again", 5), ("other_content", 1), ("not_allowed", 1)],
                   "ops": [("merge", 20), ("approve", 40), ("unmerge", 40), ("again", 6), ("unknown_merge", 1)]}
QUESTION_WEIGHTS = {"111-nel": [("find", 12), ("find_record", 5), ("trace", 5), ("get", 6)],
                    "gp-demo": [("find", 4), ("find_record", 6), ("get", 4)],
                    "ops": [("find", 1), ("trace", 1)]}
STEWARDS = ("555000000333", "555000000444")
MERGED_MIN = 8  # so many are one at a time, so that bookings are made for them meanwhile
SOURCES = {"gp-demo": ("Y90001", "emis", "systmone"), "111-nel": ("Y90111", "adastra", "adastra")}
VERIFIED, NOT_TRACED = 1, 2


class Persons:
    """What all callers of the index know."""

    def __init__(self, market):
        self.market = market
        self.known = collections.deque(maxlen=3000)  # (person id, number in the crowd)
        self.of_crowd = {}  # person id -> number in the crowd
        self.waiting = collections.deque(maxlen=60)  # (merge id, survivor id, other id): a second steward must say so
        self.merges = collections.deque(maxlen=200)

    def learn(self, wish, outcome, result, position):
        positions = self.market.positions
        positions["index"] = max(positions["index"], position)
        args = wish.args
        if wish.method == "RegisterRecord" and outcome == "ok":
            if result["person_id"] not in self.of_crowd:
                self.known.append((result["person_id"], args["person"]))
                self.market.known.append(args["person"])
            self.of_crowd.setdefault(result["person_id"], args["person"])
        elif wish.method == "MergePersons" and outcome == "approval_needed" and result:
            self.waiting.append((result["merge_id"], args["survivor_id"], args["other_id"]))
        elif wish.method == "MergePersons" and outcome == "ok":
            self.merges.append(result["merge_id"])
            self.market.merged[result["merge_id"]] = [self.of_crowd[args[name]] for name in ("survivor_id", "other_id")]
        elif wish.method == "UnmergePersons" and outcome in ("ok", "already_unmerged"):
            self.market.merged.pop(args["merge_id"], None)
        elif wish.method == "UnmergePersons" and outcome == "merged_again":
            self.merges.append(args["merge_id"])  # what came later must be taken back first


class IndexWishes(Wishes):
    """Of one caller."""

    def __init__(self, schema, draw, persons, system, name):
        super().__init__(schema, draw, persons.market, system, name)
        self.persons = persons

    def learn(self, wish, outcome, result, position):
        self.persons.learn(wish, outcome, result, position)

    def message(self, name, **fields):
        return self.schema("bhr.index.v1." + name)(**fields)

    def next_command(self):
        kinds, weights = zip(*COMMAND_WEIGHTS[self.system])
        return getattr(self, self.draw.choices(kinds, weights)[0])()

    def next_question(self):
        kinds, weights = zip(*QUESTION_WEIGHTS[self.system])
        return getattr(self, self.draw.choices(kinds, weights)[0])()

    # ---- records ----

    def register(self, **content):
        """As the source has verified it, or without a number: then only the description can say who it is."""
        draw, market = self.draw, self.market
        number = draw.randrange(FIRST if len(market.known) < ENOUGH else len(market.crowd))
        organisation, with_number, without = SOURCES[self.system]
        is_verified = draw.random() < 0.75 or with_number == without
        key = {"organisation": organisation, "source": with_number if is_verified else without, "local_id": f"c{number}"}
        names = ("nhs_number", "family_name", "given_name", "birth_date") if is_verified else (
            "family_name", "given_name", "birth_date")
        demographics = {name: market.crowd[number][name] for name in names}
        if is_verified:
            # 111 has it from the caller.
            demographics["nhs_number_status"] = VERIFIED if self.system == "gp-demo" else NOT_TRACED
        request = self.message("RegisterRecordRequest", key=key, demographics={**demographics, **content})
        return self.make("RegisterRecord", request, person=number, numbered=is_verified, **key)

    def other_content(self):
        """Another request under an id that was used."""
        old = self.draw.choice(self.old) if self.old else None
        if old is None or old.request_id in self.outstanding:
            return self.register()
        return self.register(phone="07700 900123")._replace(request_id=old.request_id)

    def again(self):
        wish = self.draw.choice(self.old) if self.old else None
        return wish if wish is not None and self.is_clear(wish) else self.next_command()

    def not_allowed(self):
        """Nobody joins two without a name."""
        return self.merge(user="")

    # ---- stewards ----

    def merge(self, user=STEWARDS[0]):
        if len(self.persons.known) < 2:
            return self.stranger(user)
        (survivor_id, _), (other_id, _) = self.draw.sample(self.persons.known, 2)
        return self.merge_of(survivor_id, other_id, user)

    def merge_of(self, survivor_id, other_id, user, approves=""):
        request = self.message("MergePersonsRequest", survivor_id=survivor_id, other_id=other_id, reason="looks the same",
                               approves_merge_id=approves)
        return self.make("MergePersons", request, user=user, survivor_id=survivor_id, other_id=other_id, approves=approves)

    def stranger(self, user=STEWARDS[0]):
        return self.merge_of(new_id(), new_id(), user)

    def approve(self):
        """Now and then the same steward tries to, who may not."""
        if not self.persons.waiting:
            return self.merge()
        merge_id, survivor_id, other_id = self.persons.waiting.popleft()
        user = STEWARDS[0] if self.draw.random() < 0.1 else STEWARDS[1]
        return self.merge_of(survivor_id, other_id, user, merge_id)

    def unmerge(self):
        merges = self.persons.merges
        if len(merges) < MERGED_MIN:
            return self.approve()
        merges.rotate(-self.draw.randrange(len(merges)))
        return self.unmerge_of(merges.popleft())

    def unmerge_of(self, merge_id):
        request = self.message("UnmergePersonsRequest", merge_id=merge_id, reason="two people")
        return self.make("UnmergePersons", request, user=STEWARDS[0], merge_id=merge_id)

    def unknown_merge(self):
        return self.unmerge_of(new_id())

    # ---- questions ----

    def ask(self, method, request, **args):
        body = request.SerializeToString()
        return Wish(method, new_id(), body, args, digest_of(method, body))

    def find(self):
        number = self.draw.randrange(len(self.market.crowd))
        if self.persons.known and self.draw.random() < 0.7:
            number = self.draw.choice(self.persons.known)[1]
        person = self.market.crowd[number]
        return self.ask("FindPerson", self.message("FindPersonRequest", nhs_number=person["nhs_number"],
                                                   birth_date=person["birth_date"]), person=number)

    def find_record(self):
        if not self.persons.known:
            return self.find()
        number, (organisation, source, _) = self.draw.choice(self.persons.known)[1], SOURCES[self.system]
        key = {"organisation": organisation, "source": source, "local_id": f"c{number}"}
        return self.ask("FindPerson", self.message("FindPersonRequest", record=key), person=number, **key)

    def trace(self):
        number = self.draw.randrange(len(self.market.crowd))
        demographics = {name: self.market.crowd[number][name] for name in ("family_name", "given_name", "birth_date")}
        return self.ask("TracePerson", self.message("TracePersonRequest", demographics=demographics, limit=5), person=number)

    def get(self):
        if not self.persons.known:
            return self.find()
        person_id = self.draw.choice(self.persons.known)[0]
        return self.ask("GetPerson", self.message("GetPersonRequest", person_id=person_id), person_id=person_id)
