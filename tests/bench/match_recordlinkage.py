"""FEBRL judged by Python's recordlinkage, as the example of its documentation does it: exact and Jaro-Winkler comparisons behind
blocks, and expectation-maximisation without labels. Prints one JSON object.

usage: match_recordlinkage.py dataset.csv [four]
"""
import json
import sys
import time

import pandas
import recordlinkage


def main():
    begin = time.monotonic()
    frame = pandas.read_csv(sys.argv[1], skipinitialspace=True, dtype=str).set_index("rec_id")
    frame.columns = [name.strip() for name in frame.columns]
    frame = frame.apply(lambda column: column.str.strip())
    index = recordlinkage.Index()
    for field in ("given_name", "surname", "date_of_birth", "postcode"):
        index.block(field)
    pairs = index.index(frame)
    compare = recordlinkage.Compare()
    for field in ("given_name", "surname"):
        compare.string(field, field, method="jarowinkler", threshold=0.85, label=field)
    compare.exact("date_of_birth", "date_of_birth", label="date_of_birth")
    compare.exact("postcode", "postcode", label="postcode")
    if len(sys.argv) < 3:
        for field in ("street_number", "suburb", "state"):
            compare.exact(field, field, label=field)
        compare.string("address_1", "address_1", method="jarowinkler", threshold=0.85, label="address_1")
    links = recordlinkage.ECMClassifier(atol=1e-5).fit_predict(compare.compute(pairs, frame))
    right = sum(person(a) == person(b) for a, b in links)
    sizes = frame.index.map(person).value_counts()
    print(json.dumps({"right": right, "wrong": len(links) - right, "missed": int((sizes * (sizes - 1) // 2).sum()) - right,
                      "version": recordlinkage.__version__, "seconds": round(time.monotonic() - begin, 1)}))


def person(name):
    return name.split("-")[1]


if __name__ == "__main__":
    main()
