#!/usr/bin/env python3
"""Counts the published cases of Boston again, straight from the city's file and with nothing of Vafa's.

    recount.py [FILE.csv.gz]      default: tests/data/boston311_2011Q3.csv.gz
    recount.py --check [FILE]     compares what is known of the file instead of printing: status 0 or 1

Prints one figure a line, `metric<TAB>dimension=value...<TAB>figure`, for everything and by topic, area, unit, channel, day and
by topic and day; metrics are named as the columns of QueryReport (proto/vafa/report/v1/report.proto). Lines are sorted. A
figure that does not exist (a percentile of nothing) is empty.

    requests        topic=Tree Emergencies  day=2011-08-28  752
    on_time         unit=PARK       0.691452
    p90             2338.996944

Exact where report is within 1 %: hours are not put into buckets here. Python's standard library only.
"""

import collections
import csv
import datetime
import gzip
import math
import pathlib
import sys
import zoneinfo

DATA = pathlib.Path(__file__).parents[2] / "data" / "boston311_2011Q3.csv.gz"
BOSTON = zoneinfo.ZoneInfo("America/New_York")
PERCENTS = (50, 75, 90, 95, 99)

# The file's words for how a case came in, as deploy/cities/boston-2011/imports/boston311.ini translates them.
CHANNELS = {
    "Constituent Call": "phone",
    "Self Service": "web",
    "Citizens Connect App": "app",
    "City Worker App": "staff",
    "Employee Generated": "staff",
    "Maximo Integration": "staff",
    "Twitter": "web",
}

GROUPINGS = ((), ("topic",), ("area",), ("unit",), ("channel",), ("day",), ("topic", "day"))


def moment(text):
    """A wall time of Boston as seconds of UTC, None for an empty one. A doubled hour of autumn is its first (fold 0)."""
    if not text.strip():
        return None
    wall = datetime.datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S")
    return int(wall.replace(tzinfo=BOSTON).timestamp())


def ward(text):
    """"Ward 17", "17" and "07" name wards without a word and without leading zeros; blank is none."""
    return text.strip().removeprefix("Ward").strip().lstrip("0")


class Case:
    """One row of the file."""

    def __init__(self, row):
        self.opened = moment(row["open_dt"])
        self.due = moment(row["target_dt"])
        self.done = moment(row["closed_dt"])
        self.dimensions = {
            "topic": row["type"].strip(),
            "area": ward(row["ward"]),
            "unit": row["department"].strip(),
            "channel": CHANNELS.get(row["source"].strip(), "import"),
            "day": row["open_dt"].strip()[:10],
        }

    @property
    def hours(self):
        """From opened to closed; some were closed seconds before: that took no time."""
        return max(0, self.done - self.opened) / 3600


def cases(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return [Case(row) for row in csv.DictReader(file)]


def nearest_rank(ordered, percent):
    """The smallest value with at least ceil(percent / 100 * n) values at or below it; None of nothing."""
    return ordered[math.ceil(percent * len(ordered) / 100) - 1] if ordered else None


def figures(group):
    """Every metric of a list of cases, by name."""
    done = [case for case in group if case.done is not None]
    with_due = [case for case in done if case.due is not None]
    on_time = [case for case in with_due if case.done <= case.due]
    hours = sorted(case.hours for case in done)
    return {
        "requests": len(group),
        "done": len(done),
        "open": len(group) - len(done),
        "done_with_due": len(with_due),
        "on_time_count": len(on_time),
        "on_time": len(on_time) / len(with_due) if with_due else None,
        **{f"p{percent}": nearest_rank(hours, percent) for percent in PERCENTS},
    }


def recount(everything):
    """{(("topic", "Graffiti"), ...): {"requests": 12, ...}} for every grouping."""
    answer = {}
    for grouping in GROUPINGS:
        groups = collections.defaultdict(list)
        for case in everything:
            groups[tuple((name, case.dimensions[name]) for name in grouping)].append(case)
        answer.update((place, figures(group)) for place, group in groups.items())
    return answer


def text(figure):
    if figure is None:
        return ""
    return str(figure) if isinstance(figure, int) else f"{figure:.6f}"


def lines(answer):
    for place, metrics in answer.items():
        dimensions = [f"{name}={value}" for name, value in place]
        for metric, figure in metrics.items():
            yield "\t".join([metric, *dimensions, text(figure)])


def check(answer):
    """What is known of the file from elsewhere (tests/data/README.md), and what must hold of any count."""
    storm = ("day", "2011-08-28")
    trees = ("topic", "Tree Emergencies")
    total = answer[()]
    assert total["requests"] == 31828
    assert total["open"] == 1747
    assert answer[(storm,)]["requests"] == 913
    assert answer[(trees, storm)]["requests"] == 752
    for grouping in GROUPINGS:
        names = tuple(grouping)
        groups = [m for place, m in answer.items() if tuple(name for name, _ in place) == names]
        for metric in ("requests", "done", "open", "done_with_due", "on_time_count"):
            assert sum(m[metric] for m in groups) == total[metric], (names, metric)


def main(arguments):
    only_check = arguments[:1] == ["--check"]
    paths = arguments[1:] if only_check else arguments
    answer = recount(cases(paths[0] if paths else DATA))
    if only_check:
        check(answer)
    else:
        print("\n".join(sorted(lines(answer))))


if __name__ == "__main__":
    main(sys.argv[1:])
