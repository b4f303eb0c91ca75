"""The files that a measured index is filled with and asked from, made of what bhr-make-people writes: first records with a
verified NHS number each, second ones without. As in bench_match.c one in four of those who come again was never there."""
import csv

FIRST_NUMBER = 400000000  # nine digits; the tenth is their check digit
HEAD = ["reference", "nhs_number", "nhs_number_status", "family_name", "given_name", "birth_date", "sex", "address_1",
        "address_2", "postcode", "phone"]


class MadePeople:
    """Reads `path`, writes two files beside it. registered: in order (reference, NHS number); truth: of a second record the
    reference of its first one, or None of a stranger."""

    def __init__(self, path):
        self.base_path, self.second_path = f"{path}.base", f"{path}.second"
        self.registered, self.truth, self.kind = [], {}, {}
        numbers = nhs_numbers()
        with open(path, encoding="utf-8", newline="") as made, open(self.base_path, "w", encoding="utf-8") as base_file, \
                open(self.second_path, "w", encoding="utf-8") as second_file:
            base, second = csv.writer(base_file), csv.writer(second_file)
            base.writerow(HEAD)
            second.writerow(HEAD)
            rows = csv.DictReader(made)
            row, at = next(rows, None), 0
            while row is not None:
                after = next(rows, None)
                comes_again = after is not None and after["kind"] != "base"
                reference = f"P{at}"
                if not (comes_again and at % 4 == 0):
                    number = next(numbers)
                    base.writerow(fields(row, reference, number))
                    self.registered.append((reference, number))
                if comes_again:
                    second.writerow(fields(after, f"S{at}"))
                    self.truth[f"S{at}"] = None if at % 4 == 0 else reference
                    self.kind[f"S{at}"] = after["kind"]
                    after, at = next(rows, None), at + 1
                row, at = after, at + 1


def fields(row, reference, number=""):
    return [reference, number, "01" if number else "", row["family_name"], row["given_name"], row["birth_date"], row["sex"],
            row["address_1"], row["town"], row["postcode"], row["phone"]]


def nhs_numbers():
    """Good ones: modulus 11, no check digit of ten (domain.md 3.1)."""
    first = FIRST_NUMBER
    while True:
        check = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(str(first))) % 11
        if check != 10:
            yield f"{first}{check % 11}"
        first += 1
