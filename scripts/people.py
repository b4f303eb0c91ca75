"""Synthetic people for demos and tests. Nobody real can be among them: their NHS numbers are of the range 999 000 0000 to
999 999 9999, which is never issued. The same seed gives the same people; other seeds within 3,000 give other numbers."""
import random

GIVEN = ["Amara", "Ben", "Chidi", "Dorothy", "Emre", "Farah", "George", "Hana", "Ivan", "Joyce", "Kwame", "Leila",
         "Mohan", "Nadia", "Oscar", "Priya", "Quentin", "Rosa", "Samir", "Tessa", "Umar", "Vera", "Winston", "Yusuf"]
FAMILY = ["Abara", "Bexley-Hart", "Chowdhury", "Dalgleish", "Eversholt", "Fontaine", "Grabowski", "Hossain", "Ilyas",
          "Jarvis-Cole", "Kaczmarek", "Lindqvist", "Mbeki-Stone", "Nwosu", "Okonjo", "Pemberley", "Quarshie", "Rahimi",
          "Sandhu", "Thistlewood", "Uddin", "Vasquez", "Wetherby", "Zielinski"]
BLOCK, BLOCKS = 330, 3000  # stems per seed, of which one in eleven has no check digit


def nhs_number(stem):
    """Ten digits for the nine of stem, or None: a stem whose check digit would be 10 is not used (domain.md 3.1)."""
    check = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(stem)) % 11
    return None if check == 10 else stem + str(check % 11)


def people(seed, count):
    """count dicts of nhs_number, family_name, given_name, birth_date and phone."""
    draw = random.Random(seed)
    first = seed % BLOCKS * BLOCK + 1
    numbers = [number for stem in range(first, first + BLOCK) if (number := nhs_number(f"999{stem:06d}"))]
    assert count <= len(numbers), f"at most {len(numbers)} people of one seed"
    draw.shuffle(numbers)
    return [{
        "nhs_number": number,
        "family_name": draw.choice(FAMILY),
        "given_name": draw.choice(GIVEN),
        "birth_date": f"{draw.randint(1930, 2015)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}",
        "phone": f"07700 900{draw.randint(0, 999):03d}",  # Ofcom keeps these numbers for drama
    } for number in numbers[:count]]
