"""relay-client as a test bench for care software: every rule over a folder of exports, offline (standard.md)."""

import json
import os
import subprocess

import pytest
from relay_stack import BINARIES, ROOT, SANITIZED
from stack import standard_files

STAMP = standard_files.STAMP


def client(*args, **environment):
    return subprocess.run([os.path.join(BINARIES, "relay-client"), *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=240, env={**os.environ, **environment})


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files:
        (folder / name).write_bytes(data)


def unit(kind, **options):
    return standard_files.unit(kind, **options)


def changed(files, table, change):
    """The files with `change(name, data)` in the place of one table's."""
    return [change(name, data) if name.startswith(table + "_") else (name, data) for name, data in files]


def renamed(files, table, old, new):
    return changed(files, table, lambda name, data: (name.replace(old, new), data))


def edited(files, table, old, new, count=1):
    assert any(old in data for name, data in files if name.startswith(table + "_")), (table, old)
    return changed(files, table, lambda name, data: (name, data.replace(old, new, count)))


def planted():
    """folder → (its files, the one rule that they break, the place as (beginning of the file's name, line, column))"""
    slips, plan = unit("P3"), unit("P2")
    image = standard_files.file_name("UPKIHON_IMAGE", number=1)
    month = b"20261120,202611,"
    yield "month", renamed(unit("P6"), "UPJSK", "_202611_", "_202613_"), "name.month", ("UPJSK", None, None)
    yield "office", renamed(unit("P6"), "UPJSK", "9970100029", "997010029"), "name.office", ("UPJSK", None, None)
    yield "code", renamed(unit("P6"), "UPJSK", "_43_", "_430_"), "name.service_code", ("UPJSK", None, None)
    yield "stamp", renamed(unit("P6"), "UPJSK", STAMP, "20261320091500"), "name.sequence", ("UPJSK", None, None)
    yield "kind", renamed(unit("P6"), "UPJSK", "UPJSK", "UPJISSEKI"), "name.prefix", ("UPJISSEKI", None, None)
    yield "parts", renamed(unit("P4"), "DLT1KYO", "DLT1KYO", "DLT1KYO_202304"), "name.parts", ("DLT1KYO", None, None)
    yield "number", unit("P8") + [(image.replace("_0001.", "_001."), standard_files.JPEG)], "name.image_number", ("UPKIHON_IMAGE", None, None)
    yield "type", unit("P6") + [("連絡.docx", b"PK")], "name.type", ("連絡.docx", None, None)
    yield "sequence", renamed(slips, "UPSIKYU", STAMP, "20261120091501"), "unit.sequence", ("UPSIKYU", None, None)
    yield "months", edited(renamed(slips, "UPSIKYU", "_202611_", "_202612_"), "UPSIKYU", b",202611,", b",202612,", -1), "unit.month", ("UPSIKYU", None, None)
    yield "missing", [one for one in plan if not one[0].startswith("UP3KYO")], "unit.complete", ("UP1KYO", None, None)
    yield "two", unit("P4") + unit("P5"), "unit.combination", ("DLT1KYO", None, None)
    yield "orphan", [one for one in unit("P10") if "_SUB_" in one[0]], "unit.parent", ("UPYOBO_SUB", None, None)
    yield "recipient", renamed(slips, "UPSIKYU", "9970100029", "9970100037"), "unit.recipient", ("UPSIKYU", None, None)
    yield "bytes", edited(plan, "UP3KYO", "朝食".encode("cp932"), b"\x85\x40"), "content.encoding", ("UP3KYO", 1, 10)
    yield "gaiji", edited(slips, "UPSIKYU", "みほん".encode("cp932"), b"\xf0\x40"), "content.user_defined", ("UPSIKYU", 1, 6)
    yield "columns", changed(unit("P7"), "DLTJSK", lambda name, data: (name, data + data.splitlines()[0].replace(b",11", b",12") + b",\r\n")), "content.columns", ("DLTJSK", 3, None)
    yield "quote", edited(plan, "UP3KYO", b"0700", b"07\"00"), "content.quotes", ("UP3KYO", 1, 11)
    yield "row", edited(slips, "UPPLAN", month, b"20261120,202610,"), "content.month", ("UPPLAN", 1, 5)
    yield "image", [one for one in unit("P8", people=1, images=1) if one[0] != image], "content.image_missing", ("UPKIHON", 1, 62)


def test_twenty_planted_faults_are_reported_and_nothing_else(tmp_path):
    expected = {}
    for folder, files, rule, place in planted():
        assert rule not in expected
        expected[rule] = (folder,) + place
        write(tmp_path / "exports" / folder, files)
    assert len(expected) == 20
    write(tmp_path / "exports" / "good", unit("P9", images=2))
    done = client("--json", "conformance", tmp_path / "exports", "--html", tmp_path / "report.html")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    broken = {rule["rule"]: rule for rule in report["rules"] if rule["state"] in ("failed", "warned")}
    assert set(broken) == set(expected), {name: rule["places"] for name, rule in broken.items() if name not in expected}
    for name, (folder, start, line, column) in expected.items():
        assert broken[name]["count"] == 1 and len(broken[name]["places"]) == 1, broken[name]
        place = broken[name]["places"][0]
        assert place["file"].startswith(folder + "/" + start), place
        assert (line or place.get("line")) == place.get("line") and (column or place.get("column")) == place.get("column"), (name, place)
        assert place["text_ja"] and place["text_en"]
    states = {rule["rule"]: rule["state"] for rule in report["rules"]}
    assert states["content.bom"] == "passed" and states["name.v3_ended"] == "not_seen"
    assert report["summary"]["failed"] == 20
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all("<code>%s</code>" % rule in page for rule in states) and "不合格" in page and "<script" not in page


def test_a_folder_with_every_unit_of_every_version_is_found_good(tmp_path):
    subprocess.run(["python3", "-B", os.path.join(ROOT, "deploy", "stack", "sample_files.py"), tmp_path / "all", "--all"], check=True, timeout=60)
    done = client("--json", "conformance", tmp_path / "all")
    report = json.loads(done.stdout)
    assert done.returncode == 0, [rule for rule in report["rules"] if rule["state"] == "failed"]
    assert {bundle["unit"] for bundle in report["bundles"]} == {"P%d" % i for i in range(1, 13)}
    # The same files loose in one folder are sorted to their units by their names.
    for folder in (tmp_path / "all").iterdir():
        for path in folder.iterdir():
            (tmp_path / "loose").mkdir(exist_ok=True)
            if folder.name in ("P2-4", "P3-4", "P9-4"):
                (tmp_path / "loose" / path.name).write_bytes(path.read_bytes())
    loose = json.loads(client("--json", "conformance", tmp_path / "loose").stdout)
    assert sorted(bundle["unit"] for bundle in loose["bundles"]) == ["P2", "P3", "P9"]


def test_the_report_is_told_in_the_reader_s_language(tmp_path):
    write(tmp_path / "x", renamed(unit("P6"), "UPJSK", "_202611_", "_202613_"))
    japanese = client("conformance", tmp_path, LC_ALL="ja_JP.UTF-8")
    english = client("conformance", tmp_path, LC_ALL="C.UTF-8")
    assert "不合格  name.month" in japanese.stdout and "対象年月（202613）" in japanese.stdout
    assert "failed  name.month" in english.stdout and "(202613) is wrong" in english.stdout


def test_check_tells_line_and_item(tmp_path):
    write(tmp_path, edited(unit("P6"), "UPJSK", b",202611,", b",202610,"))
    name = next(tmp_path.iterdir())
    done = client("check", name, LC_ALL="C.UTF-8")
    assert done.returncode == 1 and "%s:1: item 5: " % name in done.stdout and "(content.month)" in done.stdout
    assert client("check", "--names-only", name).returncode == 0


def test_the_switches_of_the_settings_file_hold(tmp_path):
    write(tmp_path / "old", unit("P3", grammar=3))
    files = sorted((tmp_path / "old").iterdir())
    config = tmp_path / "office.toml"
    for text, good in (("", True), ("[standard]\naccept_v3 = false\n", False), ('[standard]\nv3_until = "2020-01-31"\n', False),
                       ('[standard]\nv3_until = "2999-01-31"\n', True)):
        config.write_text(text)
        assert (client("--config", config, "check", *files).returncode == 0) == good, text
    config.write_text('[standard]\npartial_units = "P3"\n')
    assert client("--config", config, "check", files[0]).returncode == 0
    for wrong in ("[standard]\naccept_v4 = true\n", '[standard]\nv3_until = "soon"\n', '[standard]\npartial_units = "P9"\n', "standard = 1\n"):
        config.write_text(wrong)
        assert client("--config", config, "check", files[0]).returncode == 2, wrong


def test_the_page_on_the_standard_is_what_the_tables_say():
    with open(os.path.join(ROOT, "docs", "standard.md"), encoding="utf-8") as file:
        assert client("standard").stdout == file.read(), "make it anew: relay-client standard > docs/standard.md"


@pytest.mark.skipif(SANITIZED, reason="sanitizers need memory of their own")
def test_a_hundred_megabytes_are_checked_in_64_mebibytes():
    done = subprocess.run(["python3", "-B", os.path.join(ROOT, "tests", "bench", "csv_check.py"), "--runs", "1", "--at-most", "64"],
                          capture_output=True, text=True, timeout=240, env={**os.environ, "RELAY_BIN": BINARIES})
    assert done.returncode == 0, done.stdout + done.stderr


def test_made_up_files_name_nobody(tmp_path):
    """The generator's people, insurers and offices are of prefecture 99, which there is not."""
    for kind in standard_files.UNITS:
        for name, data in standard_files.unit(kind):
            assert "_99701000" in name
            for line in data.decode("cp932").splitlines() if name.endswith(".CSV") else ():
                cells = line.split(",")
                if cells[0] in standard_files.VERSIONS.values():
                    assert cells[1].startswith("99") and cells[2].startswith("99999")
