#!/usr/bin/env python3
"""Would citizens' words help to find the same thing again?

python3 tests/support/same_words.py FILE.csv.gz

Reads requests with free text as Boston publishes them (service_request_id, requested_datetime, updated_datetime, lat, long,
service_name, description, status, status_notes). Where a note names another request as the original, it orders the open
requests of the same topic within 50 m and 720 hours as FindSame does, by place and time, and with words in several ways, and
counts how often the named one is the first, or among the first five. Prints figures; writes nothing.
"""
import collections
import csv
import datetime
import gzip
import math
import re
import sys
import unicodedata

METRES = 50
SECONDS = 720 * 3600
EARTH_M = 6371008.8
CELLS_PER_DEGREE = 200


def seconds_of(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def words_of(text):
    folded = unicodedata.normalize("NFKC", text).casefold()
    return {word for word in re.findall(r"\w+", folded) if len(word) > 2}


def read(path):
    rows = []
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            try:
                place = float(row["lat"]), float(row["long"])
                opened = seconds_of(row["requested_datetime"])
            except ValueError:
                continue
            try:
                closed = seconds_of(row["updated_datetime"])
            except ValueError:
                closed = math.inf
            if row["status"] == "open" or closed <= opened + 2:  # the time of its import
                closed = math.inf
            rows.append((opened, row["service_request_id"], closed, place, row["service_name"],
                         words_of(row["description"]), row["status_notes"] or ""))
    rows.sort(key=lambda row: row[:2])
    return rows


def metres_between(a, b):
    lat_a, lon_a, lat_b, lon_b = (math.radians(x) for x in (*a, *b))
    half = (math.sin((lat_b - lat_a) / 2) ** 2
            + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2)
    return 2 * EARTH_M * math.asin(math.sqrt(half))


def cell_of(place):
    return tuple(int(degrees * CELLS_PER_DEGREE) for degrees in place)


def named_in(note, index_of, asked):
    """The request that a note calls the original: by its number, or the last seven digits of it."""
    for number in re.findall(r"\d{6,}", note) if "uplicate" in note else []:
        found = index_of.get(number)
        if found is not None and found < asked:
            return found
    return None


# score: part of the metres used up plus part of the hours, the smaller the closer; shared: how many words; likeness: 0 to 1
ORDERS = {
    "place and time (as FindSame)": lambda score, shared, likeness: (score,),
    "words among equals (a tenth)": lambda score, shared, likeness: (int(score * 10), -shared, score),
    "words among equals (a fourth)": lambda score, shared, likeness: (int(score * 4), -shared, score),
    "place, time and half the words": lambda score, shared, likeness: (score - 0.5 * likeness,),
    "place, time and words": lambda score, shared, likeness: (score - likeness,),
    "place, time and words twice": lambda score, shared, likeness: (score - 2 * likeness,),
    "words first": lambda score, shared, likeness: (-likeness, score),
}


def main(path):
    rows = read(path)
    index_of = {}
    for i, row in enumerate(rows):
        index_of[row[1]] = index_of[row[1][-7:]] = i
    near = collections.defaultdict(list)
    seen = collections.Counter()  # in how many requests a word has been
    counts = collections.Counter()
    for i, (opened, _, _, place, topic, words, note) in enumerate(rows):
        seen.update(words)
        row, column = cell_of(place)
        named = named_in(note, index_of, i)
        if named is not None and rows[named][2] > opened:
            counts["the note names an open one"] += 1
            found = []
            for cell in ((row + a, column + b) for a in (-1, 0, 1) for b in (-1, 0, 1)):
                for j in near[cell]:
                    other = rows[j]
                    metres = metres_between(place, other[3])
                    if (other[4] == topic and other[2] > opened and opened - other[0] <= SECONDS
                            and metres <= METRES):
                        weight = {w: math.log(len(rows) / seen[w]) for w in words | other[5]}
                        shared = words & other[5]
                        likeness = sum(weight[w] for w in shared) / (sum(weight.values()) or 1)
                        found.append((metres / METRES + (opened - other[0]) / SECONDS,
                                      len(shared), likeness, j))
            if any(j == named for *_, j in found):
                counts["it is among those near"] += 1
                counts["with others"] += len(found) > 1
                for name, order in ORDERS.items():
                    best = [j for *_, j in sorted(found, key=lambda one: order(*one[:3]))]
                    counts["first: " + name] += best[0] == named
                    counts["among five: " + name] += named in best[:5]
        near[(row, column)].append(i)
    print(f"{len(rows)} requests")
    for name, count in counts.items():
        print(f"{count:6}  {name}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        sys.exit(0 if len(sys.argv) == 2 else 2)
    main(sys.argv[1])
