#!/usr/bin/env python3
"""Writes made-up files of the national standard, as care-plan software exports them (standard_files.py says what is in them).

  sample_files.py DIR SENDER RECIPIENT [--unit P3] [--grammar 4|3] [--month YYYYMM] [--stamp YYYYMMDDHHMMSS] [--people N] [--images N]
                                             one sending unit, and a PDF
  sample_files.py DIR SENDER --offices A,B,…  for each office its plans, slips, and a deletion: what goes into one send-batch
  sample_files.py DIR --all                  a folder for every sending unit and version
"""

import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import standard_files  # noqa: E402


def write(folder, files):
    os.makedirs(folder, exist_ok=True)
    for name, data in files:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("sender", nargs="?", default=standard_files.SENDER)
    parser.add_argument("recipient", nargs="?", default=standard_files.RECIPIENT)
    parser.add_argument("--unit", choices=standard_files.UNITS, default="P3")
    parser.add_argument("--grammar", type=int, choices=(3, 4))
    parser.add_argument("--month", default=standard_files.MONTH)
    parser.add_argument("--stamp", default=standard_files.STAMP)
    parser.add_argument("--people", type=int, default=2)
    parser.add_argument("--images", type=int, default=0)
    parser.add_argument("--offices", default="")
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    pdf = ("連絡事項.pdf", standard_files.make_pdf(["Care plan, November 2026", "Two visits a week, Tuesday and Friday.",
                                                "All names in these files are made up."]))
    if options.all:
        for unit in standard_files.UNITS:
            for grammar in (3, 4):
                old = all(table in ("UP1KYO", "UP2KYO", "UPHOSOKU", "UPPLAN", "UPSIKYU", "DLT1KYO", "DLTPLAN", "UPJSK", "DLTJSK")
                          for table in standard_files.UNITS[unit])
                if (grammar == 4 and unit != "P1") or (grammar == 3 and old and unit != "P2"):
                    write(os.path.join(options.folder, "%s-%d" % (unit, grammar)),
                          standard_files.unit(unit, options.sender, options.recipient, grammar=grammar, images=1))
    elif options.offices:
        for i, office in enumerate(options.offices.split(",")):
            for j, unit in enumerate(("P3", "P2", "P5")):
                second = 3 * i + j
                stamp = "20261120%02d%02d%02d" % (9 + second // 3600, second // 60 % 60, second % 60)
                write(options.folder, standard_files.unit(unit, options.sender, office, stamp=stamp, seed=i, month=options.month))
    else:
        write(options.folder, standard_files.unit(options.unit, options.sender, options.recipient, stamp=options.stamp, month=options.month,
                                                  grammar=options.grammar, people=options.people, images=options.images) + [pdf])


if __name__ == "__main__":
    main()
