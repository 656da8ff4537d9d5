"""Synthetic files of every table of the national standard, versions 4.1 and 3.2, in CP932: for tests, demo and benchmarks.

Nobody in them can be real: insurers are of prefecture 99, which there is not, insured persons' numbers begin with 99999, names are
those of forms ("見本", "架空"), and offices that are not given are of prefecture 99 too. The same seed gives the same bytes.
"""

import random

SENDER, RECIPIENT, STAMP, MONTH = "9970100011", "9970100029", "20261120091500", "202611"
VERSIONS = {4: "202407", 3: "202208"}
DAY = "20261120"
FAMILY = (("見本", "ミホン"), ("架空", "カクウ"), ("仮名", "カメイ"), ("例文", "レイブン"), ("無名", "ムメイ"), ("記入", "キニュウ"))
GIVEN = (("花子", "ハナコ"), ("太郎", "タロウ"), ("一子", "イチコ"), ("次郎", "ジロウ"), ("髙子", "タカコ"), ("﨑男", "サキオ"))
WISHES = ("住み慣れた家で、家族と暮らしたい。", "転ばずに買い物へ行きたい。\r\n週に一度は友人に会いたい。", "「もう一度、畑に出たい」とのこと。", "夜、一人でトイレに行けるようになりたい。")
SERVICES = ("身体介護1", "生活援助2", "通所介護", "訪問看護", "福祉用具貸与")
UNITS = {"P1": ("UP1KYO", "UP2KYO", "UPHOSOKU"), "P2": ("UP1KYO", "UP2KYO", "UP3KYO", "UPHOSOKU"), "P3": ("UPPLAN", "UPSIKYU", "UPHOSOKU"),
         "P4": ("DLT1KYO",), "P5": ("DLTPLAN",), "P6": ("UPJSK",), "P7": ("DLTJSK",), "P8": ("UPKIHON", "UPKIHON_SUB1", "UPKIHON_SUB2"),
         "P9": ("UPYOBO", "UPYOBO_SUB", "UPKIHON", "UPKIHON_SUB1", "UPKIHON_SUB2"), "P10": ("UPYOBO", "UPYOBO_SUB"), "P11": ("DLTKIHON",),
         "P12": ("DLTYOBO",)}
WITH_MONTH = {"UPHOSOKU", "UPPLAN", "UPJSK", "DLTPLAN", "DLTJSK", "UPSIKYU"}
PLANS = {"P1", "P2"}
# The smallest JPEG head and tail that viewers know; no picture of anybody.
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def file_name(table, sender=SENDER, recipient=RECIPIENT, codes=("43", "11"), stamp=STAMP, month=MONTH, grammar=4, number=None):
    offices = [sender, codes[0], recipient, codes[1]] if grammar == 4 else [sender, recipient]
    parts = [table, *([month] if table in WITH_MONTH else []), *offices, stamp, *(["%04d" % number] if number else [])]
    return "_".join(parts) + (".jpg" if number else ".CSV")


def record(columns, values):
    """One row of so many items; values by their number, from 1. What is not plain ASCII, or needs it, is quoted."""
    cells = [str(values.get(i, "")) for i in range(1, columns + 1)]
    plain = lambda cell: cell.isascii() and not any(c in cell for c in ',"\r\n')  # noqa: E731
    return (",".join(cell if plain(cell) else '"%s"' % cell.replace('"', '""') for cell in cells) + "\r\n").encode("cp932")


class Writer:
    """Rows of each table for `people` made-up persons, from one office to another."""

    def __init__(self, sender=SENDER, recipient=RECIPIENT, month=MONTH, grammar=4, seed=1, people=2):
        self.sender, self.recipient, self.month, self.grammar = sender, recipient, month, grammar
        self.chance = random.Random("%s %s %s %s %d" % (sender, recipient, month, grammar, seed))
        self.people = [self.person(i) for i in range(people)]
        self.version = VERSIONS[grammar]

    def person(self, i):
        family, given = self.chance.choice(FAMILY), self.chance.choice(GIVEN)
        return {"insurer": "99%04d" % self.chance.randrange(1, 9000), "number": "99999%05d" % (self.chance.randrange(1000) * 100 + i % 100),
                "name": family[0] + "　" + given[0], "kana": family[1] + " " + given[1], "born": "19%02d0401" % self.chance.randrange(25, 60)}

    def row(self, columns, person, **values):
        return record(columns, {1: self.version, 2: person["insurer"], 3: person["number"], **{int(k[1:]): v for k, v in values.items()}})

    def slips(self, person, actual):
        """第6表: a row for each service."""
        lag = 0 if self.grammar == 4 else 3  # 3.x has not the three items on equipment
        for service in self.chance.sample(SERVICES, 2):
            days = "".join(self.chance.choice("0001") for _ in range(31))
            updated = self.sender
            values = {4: DAY, 5: self.month, 6: self.recipient if actual else self.sender, 7: "例文　専門員", 8: "16765", 9: "0", 10: days.count("1"),
                      11: days, 12: "0900", 13: "1000", 14: days.count("1"), 15: "111111", 19 - lag: "1", 20 - lag: self.recipient,
                      21 - lag: "みほん訪問介護（" + service + "）", 23 - lag: "0", 24 - lag: updated}
            yield self.row(25 - lag, person, **{"c%d" % k: v for k, v in values.items()})

    def statements(self, person):
        """第7表: what each service costs, and the total."""
        lag = 0 if self.grammar == 4 else 3
        for office, name, code in ((self.recipient, "みほん訪問介護", "111111"), ("9999999999", "", "999999")):
            values = {4: DAY, 5: self.month, 6: name, 7: office, 9: code, 13 - lag: "244", 16 - lag: "9", 17 - lag: "2196", 18 - lag: "2196",
                      23 - lag: "1000", 24 - lag: "21960", 25 - lag: "90", 26 - lag: "19764", 28 - lag: "2196", 30 - lag: "0", 31 - lag: "0",
                      32 - lag: "0", 34 - lag: self.sender, 36 - lag: self.sender}
            yield self.row(37 - lag, person, **{"c%d" % k: v for k, v in values.items()})

    def rows(self, table, plan=False, image=None):
        for person in self.people:
            yield from self.rows_of(table, person, plan, image)

    def rows_of(self, table, person, plan, image):
        if table == "UPPLAN" or table == "UPJSK":
            yield from self.slips(person, table == "UPJSK")
        elif table == "UPSIKYU":
            yield from self.statements(person)
        elif table == "UPHOSOKU":
            yield self.row(63, person, c4=DAY if plan else "00000000", c5=person["name"], c6=person["kana"], c7=person["born"], c8="2",
                           c63="000000" if plan else self.month)
        elif table == "UP1KYO":
            yield self.row(28, person, c4=DAY, c5="000-0000", c6="見本県架空市例1-2-3", c8="例文　専門員", c9="みほん居宅介護支援", c13=self.sender,
                           c14=DAY, c15="20250401", c16="2", c17="1", c18=DAY, c19="20261201", c20="20281130", c21="22",
                           c22=self.chance.choice(WISHES), c23="特になし", c24=self.chance.choice(WISHES), c27=self.sender)
        elif table == "UP2KYO":
            for issue in range(1, 4):
                yield self.row(22, person, c4=DAY, c5=DAY, c6=issue, c7=self.chance.choice(WISHES), c8="1", c9="長期目標, \"続ける\"", c10="短期目標",
                               c11="2026/12～2027/11", c12="2026/12～2027/05", c13="1", c14=self.chance.choice(SERVICES), c15="Y", c16="訪問介護",
                               c17=self.recipient, c18="みほん訪問介護", c19="週2回", c20="2026/12～2027/05", c21=self.sender)
        elif table == "UP3KYO":
            for weekday in range(1, 8):
                yield self.row(13, person, c4=DAY, c5=DAY, c6=self.chance.choice(SERVICES), c7=weekday, c8="0900", c9="1000", c10="朝食", c11="0700", c12="0800")
        elif table == "UPKIHON":
            yield self.row(71, person, c4=DAY, c5=person["name"], c6=person["kana"], c7=person["born"], c62=image or "")
        elif table == "UPKIHON_SUB1":
            for hour in ("0700", "1200", "1800"):
                yield self.row(7, person, c4=DAY, c5=hour, c6="食事", c7="一人で")
        elif table == "UPKIHON_SUB2":
            yield self.row(11, person, c4=DAY, c5="20200401", c6="高血圧症", c7="見本内科", c8="例文　医師", c9="1")
        elif table == "UPYOBO":
            yield self.row(57, person, c4=DAY, c5=person["name"], c8=self.chance.choice(WISHES), c9=self.chance.choice(WISHES))
        elif table == "UPYOBO_SUB":
            for issue in range(1, 3):
                yield self.row(17, person, c4=DAY, c5=issue, c6=self.chance.choice(WISHES), c10="1", c14="1", c15="通所型サービス")
        elif table == "DLTJSK":
            yield self.row(6, person, c4=self.month, c5=self.sender, c6="11")
        elif table == "DLTPLAN":
            yield self.row(4, person, c4=self.month)
        else:  # DLT1KYO, DLTKIHON, DLTYOBO
            yield self.row(4, person, c4=DAY)


def unit(kind, sender=SENDER, recipient=RECIPIENT, codes=("43", "11"), stamp=STAMP, month=MONTH, grammar=None, seed=1, people=2, images=0):
    """The files of a sending unit as [(name, bytes)]; images go with UPKIHON, one a person at most."""
    grammar = grammar or (3 if kind == "P1" else 4)
    writer, plan, files = Writer(sender, recipient, month, grammar, seed, people), kind in PLANS, []
    names = {"sender": sender, "recipient": recipient, "codes": codes, "stamp": stamp, "month": "000000" if plan else month, "grammar": grammar}
    pictures = [file_name("UPKIHON_IMAGE", number=i + 1, **names) for i in range(images)] if "UPKIHON" in UNITS[kind] else []
    for table in UNITS[kind]:
        if table == "UPKIHON" and pictures:
            rows = b"".join(b"".join(writer.rows_of(table, person, plan, pictures[min(i, len(pictures) - 1)]))
                            for i, person in enumerate(writer.people))
        else:
            rows = b"".join(writer.rows(table, plan))
        files.append((file_name(table, **names), rows))
    return files + [(name, JPEG) for name in pictures]


def large_file(path, size, table="UP2KYO"):
    """At least `size` bytes of one table, all rows good and of different people, quickly."""
    writer, written = Writer(people=50), 0
    text = b"".join(writer.rows(table))
    number = writer.people[0]["number"][:5].encode()
    with open(path, "wb") as file:
        for block in range(250000):
            if written >= size:
                break
            written += file.write(text.replace(b"," + number, b",%c%04d" % (65 + block // 10000, block % 10000)))
    return path


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
