"""The figures of a run: one JSON line each as they come, one table at the end."""

import json
import sys

COLUMNS = ("figure", "value", "unit", "limit", "ratio", "goal", "met")


def rounded(number):
    if number is None or isinstance(number, (bool, str)):
        return number
    return round(number, 3 if abs(number) < 10 else 1 if abs(number) < 1000 else 0)


class Report:
    """`goal` is what the value must reach, in its unit: at least it, or (lower=True) at most it. A figure without a goal
    is told for its own sake. `limit` is what was measured in the same run as the bound of the machine."""

    def __init__(self, out=sys.stdout):
        self.out, self.figures, self.failed = out, [], []

    def add(self, figure, value, unit, limit=None, goal=None, lower=False, note=""):
        ratio = value / limit if limit and value is not None else None
        met = None if goal is None or value is None else bool(value <= goal if lower else value >= goal)
        line = dict(zip(COLUMNS, map(rounded, (figure, value, unit, limit, ratio, goal, met))))
        line["better"] = "lower" if lower else "higher"
        if note:
            line["note"] = note
        self.figures.append(line)
        print(json.dumps(line), file=self.out, flush=True)

    def fail(self, figure, why):
        self.failed.append(figure)
        print(json.dumps({"figure": figure, "value": None, "met": False, "failed": str(why)[:1500]}), file=self.out, flush=True)

    def say(self, words):
        print(words, file=sys.stderr, flush=True)

    def value(self, figure):
        return next((line["value"] for line in self.figures if line["figure"] == figure), None)

    def table(self):
        rows = [("figure", "value", "unit", "limit", "ratio", "goal", "met")]
        for line in self.figures:
            goal = "" if line["goal"] is None else "%s %s" % ("≤" if line["better"] == "lower" else "≥", line["goal"])
            met = {True: "yes", False: "NO", None: ""}[line["met"]]
            rows.append(tuple("" if text is None else str(text) for text in (
                line["figure"], line["value"], line["unit"], line["limit"], line["ratio"], goal, met)))
        widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
        lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        lines += ["", *("%s: %s" % (line["figure"], line["note"]) for line in self.figures if line.get("note"))]
        lines += ["%s: FAILED" % figure for figure in self.failed]
        return "\n".join(lines)
