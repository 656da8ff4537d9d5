"""A sending unit of the national standard (4.1) with made-up people, and a small PDF: what a care manager's office sends.

  sample_files.py DIR SENDER RECIPIENT   writes UPPLAN, UPSIKYU and UPHOSOKU (CSV in MS932) and a PDF into DIR
"""

import os
import sys

MONTH, STAMP, VERSION, INSURER = "202611", "20261120091500", "202407", "261008"
PEOPLE = (("0000012345", "髙橋 ハナ", "タカハシ ハナ"), ("0000067890", "山﨑 太郎", "ヤマザキ タロウ"))


def record(columns, values):
    """One CSV record of so many columns; values by their number, from 1. Text that is free is quoted."""
    cells = [str(values.get(i, "")) for i in range(1, columns + 1)]
    return ",".join('"%s"' % cell.replace('"', '""') if not cell.isascii() else cell for cell in cells) + "\r\n"


def plan_rows(sender, recipient):
    """第6表: who gets which service on which days."""
    days = "".join("1" if day % 7 in (2, 5) else "0" for day in range(31))
    for person, _, _ in PEOPLE:
        yield record(25, {1: VERSION, 2: INSURER, 3: person, 4: "20261120", 5: MONTH, 6: sender, 7: "佐藤 介護", 8: "16765", 9: "0",
                          10: days.count("1"), 11: days, 12: "0900", 13: "1000", 14: days.count("1"), 15: "111111", 19: "1", 20: recipient,
                          21: "みどり訪問介護", 23: "0", 24: sender})


def statement_rows(sender, recipient):
    """第7表: what the services cost, with the total."""
    for person, _, _ in PEOPLE:
        for office, name, code in ((recipient, "みどり訪問介護", "111111"), ("9999999999", "", "999999")):
            yield record(37, {1: VERSION, 2: INSURER, 3: person, 4: "20261120", 5: MONTH, 6: name, 7: office, 9: code, 13: "244", 16: "9",
                              17: "2196", 18: "2196", 23: "1000", 24: "21960", 25: "90", 26: "19764", 28: "2196", 30: "0", 31: "0", 32: "0",
                              34: sender, 36: sender})


def supplement_rows():
    """利用者補足情報 with a slip: column 4 is zero, column 63 the month."""
    for person, name, reading in PEOPLE:
        yield record(63, {1: VERSION, 2: INSURER, 3: person, 4: "00000000", 5: name, 6: reading, 7: "19400115", 8: "2", 63: MONTH})


def make_pdf(lines):
    """A PDF of one page with these lines (ASCII)."""
    text = "BT /F1 14 Tf 72 760 Td 20 TL " + " ".join("(%s) Tj T*" % line for line in lines) + " ET"
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
               "<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text), "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    out, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += "%d 0 obj\n%s\nendobj\n" % (number, content)
    table = "".join("%010d 00000 n \n" % place for place in places)
    return ("%sxref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (out, table, len(out))).encode()


def main():
    folder, sender, recipient = sys.argv[1:4]
    os.makedirs(folder, exist_ok=True)
    for prefix, rows in (("UPPLAN", plan_rows(sender, recipient)), ("UPSIKYU", statement_rows(sender, recipient)), ("UPHOSOKU", supplement_rows())):
        name = "%s_%s_%s_43_%s_11_%s.CSV" % (prefix, MONTH, sender, recipient, STAMP)
        with open(os.path.join(folder, name), "wb") as file:
            file.write("".join(rows).encode("cp932"))
    with open(os.path.join(folder, "連絡事項.pdf"), "wb") as file:
        file.write(make_pdf(["Care plan, November 2026", "Two visits a week, Tuesday and Friday.", "All names in these files are made up."]))


if __name__ == "__main__":
    main()
