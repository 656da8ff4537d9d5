"""File names and sending units of the national standard, as the server judges them (protocol.md §4, standard.md)."""

import pytest
from coverage_tags import covers, scenario
from relay_client import Bundle

STAMP = "20261120091500"


def v4(prefix, people, month="202611", stamp=STAMP, end=".CSV"):
    parts = [prefix, month, people.a.number, "43", people.b.number, "11", stamp]
    return "_".join(part for part in parts if part) + end


def put(people, *names):
    return people.at_a.put(Bundle(people.a, people.b, [(name, b"202407,1\r\n") for name in names]))


@covers("§4 standard units")
@pytest.mark.parametrize("unit", [
    [("UPPLAN", "202611"), ("UPSIKYU", "202611"), ("UPHOSOKU", "202611")], [("UPJSK", "202611")], [("DLTPLAN", "202611")], [("DLTJSK", "202611")],
    [("UP1KYO", ""), ("UP2KYO", ""), ("UP3KYO", ""), ("UPHOSOKU", "000000")], [("DLT1KYO", "")], [("UPKIHON", ""), ("UPKIHON_SUB1", "")],
    [("UPYOBO", ""), ("UPYOBO_SUB", "")], [("DLTKIHON", "")], [("DLTYOBO", "")]], ids=lambda unit: "+".join(p for p, _ in unit))
def test_every_sending_unit_of_the_standard_is_taken_with_attachments(people, unit):
    assert put(people, *[v4(prefix, people, month) for prefix, month in unit], "連絡.pdf").status == 201


@covers("§4 old file names")
def test_names_of_the_old_grammar_are_taken(people):
    names = ["%s_202611_%s_%s_%s.CSV" % (p, people.a.number, people.b.number, STAMP) for p in ("UPPLAN", "UPSIKYU", "UPHOSOKU")]
    assert put(people, *names).status == 201


@covers("§4 attachments alone")
def test_attachments_alone_are_a_unit_of_every_allowed_type(people):
    assert put(people, "a.pdf", "b.JPEG", "c.jpg", "d.png", "e.gif", "メモ.txt").status == 201


@covers("422 file_type_not_allowed")
@pytest.mark.parametrize("name", ["a.exe", "a.xlsx", "a.docx", "noextension", "a.pdf.zip"])
@scenario("B26")
def test_other_types_of_files_are_refused(people, name):
    reply = put(people, name)
    assert reply.answer == (422, "file_type_not_allowed")
    assert reply.json["errors"][0]["pointer"] == "/files/0/name"


@covers("422 bad_file_name")
@pytest.mark.parametrize("name", ["free.csv", "a/b.pdf", "a\\b.pdf", "a:b.pdf", "a?.pdf", " a.pdf", "a.pdf ", ".pdf.", "a\x01.pdf", "あ" * 85 + ".pdf",
                                  "UPPLAN_202613_2670100011_43_2670100029_11_20261120091500.CSV",
                                  "UPPLAN_202611_2670100011_43_2670100029_11_20261320091500.CSV",
                                  "UPPLAN_000000_2670100011_43_2670100029_11_20261120091500.CSV",
                                  "UPKIHON_IMAGE_2670100011_43_2670100029_11_20261120091500_0000.jpg"])
@scenario("B26")
def test_names_that_no_standard_and_no_computer_likes_are_refused(people, name):
    reply = put(people, name)
    assert reply.answer == (422, "bad_file_name")
    assert reply.json["errors"][0]["pointer"] == "/files/0/name"


@covers("422 bad_file_name")
def test_two_names_that_differ_in_case_alone_are_refused(people):
    assert put(people, "Memo.pdf", "memo.PDF").answer == (422, "bad_file_name")


@covers("422 bad_file_combination")
@scenario("B26")
def test_sets_that_are_no_sending_unit_are_refused(people):
    cases = {"incomplete": [v4("UPPLAN", people)], "two units": [v4("UPJSK", people), v4("DLTPLAN", people)],
             "mixed months": [v4("UPPLAN", people), v4("UPSIKYU", people, "202612"), v4("UPHOSOKU", people)],
             "mixed stamps": [v4("UPPLAN", people), v4("UPSIKYU", people, stamp="20261120091501"), v4("UPHOSOKU", people)],
             "a part without its parent": [v4("UPKIHON_SUB1", people, "")],
             "another sender": [v4("UPJSK", people).replace(people.a.number, people.c.number)],
             "another recipient": [v4("UPJSK", people).replace(people.b.number, people.c.number)],
             "mixed grammars": [v4("UPPLAN", people), v4("UPSIKYU", people),
                                "UPHOSOKU_202611_%s_%s_%s.CSV" % (people.a.number, people.b.number, STAMP)]}
    for case, names in cases.items():
        reply = put(people, *names)
        assert reply.answer == (422, "bad_file_combination"), case
        assert all(error["pointer"].startswith("/files") for error in reply.json["errors"]), case


@covers("§1 office numbers with letters")
def test_an_office_with_a_letter_in_its_number_sends_and_receives(people):
    to_c = Bundle(people.a, people.c, [(v4("UPJSK", people).replace(people.b.number, people.c.number), b"x")])
    people.at_a.send(to_c)
    assert people.at_c.received(to_c).json["recipient"]["number"] == "26A0100037"
    people.at_c.send(Bundle(people.c, people.a))
