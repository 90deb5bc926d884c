"""The admin loads a file in the browser: upload, look, correct, decide, confirm, undo; and nothing is lost on the way."""

from __future__ import annotations

import io
import re
import threading
from pathlib import Path

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from indicators.choices import Status
from indicators.model import Indicator
from kb.knowledge import KnowledgeBase
from loaders.exports import export
from loaders.found import Hints
from loaders.template import TEMPLATES
from tests.kb.test_loading import HEAD, ROWS
from tests.loaders.build import workbook
from tests.loaders.corpus import indicator_set
from tests.loaders.files import as_xlsx
from tests.loaders.test_template import filled
from tests.web.conftest import send, token_of
from tests.web.importing import confirmed, post, sent, settled
from web.apart import UnreadableError
from web.import_jobs import KEY, ImportRoom
from web.import_reading import read_apart
from web.import_uploads import MOST, Phase, Upload
from web.jobs import CancelledError, Stop


def everything(kb: KnowledgeBase) -> bytes:
    return export("a.json", kb.loading.records_of())


def count(page: str, word: str) -> int:
    found = re.search(rf"<dt>{word}</dt><dd><b>([\d,]+)</b>", page)
    assert found
    return int(found[1].replace(",", ""))


def test_upload_preview_commit_and_undo(admin: FlaskClient, office: KnowledgeBase) -> None:
    before = everything(office)
    page = sent(admin, "县库.xlsx", as_xlsx(*indicator_set()), set="BX")
    assert page.status_code == 200
    assert count(page.text, "新增") == 6
    assert "新增幼儿园学位数" in page.text
    assert office.loading.find_set("BX") is None
    done = confirmed(admin, page, title="二〇二六年县库", reason="年度更新")
    assert "已入库" in done.text
    assert "二〇二六年县库" in done.text
    number = re.search(r"/admin/batch/(\d+)", done.request.path)
    assert number
    info = office.ledger.batch(int(number[1]))
    assert (info.name, info.reason) == ("入库：二〇二六年县库", "年度更新")
    undo = {"form_token": token_of(done), "batch": number[1], "next": f"/admin/batch/{number[1]}"}
    back = admin.post("/admin/undo", data=undo, follow_redirects=True)
    assert "撤回。要恢复" in back.text
    assert everything(office) == before


def test_a_file_loaded_twice_changes_nothing(admin: FlaskClient, office: KnowledgeBase) -> None:
    for kind in TEMPLATES:
        data = filled(kind, 3)
        name = f"{TEMPLATES[kind]}.xlsx"
        assert "已入库" in confirmed(admin, sent(admin, name, data)).text, kind
        before, newest = everything(office), office.ledger.page(1)[0].number
        page = sent(admin, name, data)
        assert (count(page.text, "新增"), count(page.text, "修改"), count(page.text, "文件里没有")) == (
            0,
            0,
            0,
        ), kind
        assert "没有变化，没有写入" in confirmed(admin, page).text
        assert (everything(office), office.ledger.page(1)[0].number) == (before, newest)


def messy() -> list[list[object]]:
    """The set of the corpus with three rows that cannot be taken, for two reasons."""
    rows, _ = indicator_set()
    made = [list(r) for r in rows]
    made[2][4] = ""
    made[4][4] = ""
    return made


def test_bad_rows_are_grouped_kept_out_mended_and_loaded_again(
    admin: FlaskClient, office: KnowledgeBase
) -> None:
    page = sent(admin, "坏.xlsx", as_xlsx(messy()), set="坏（试）")
    assert "错误 2 处，按原因分 1 类" in page.text
    assert "2 处</span> <b>三级指标</b>" in page.text
    address = page.request.path
    book = openpyxl.load_workbook(io.BytesIO(admin.get(f"{address}/bad.xlsx").data))
    assert "没有入库" in confirmed(admin, page).text
    assert office.loading.find_set("坏（试）") is None
    assert "已入库" in confirmed(admin, settled(admin, address), good="1").text
    good = len(office.loading.records_of("坏（试）"))
    (sheet,) = book.worksheets
    heads = [c.value for c in sheet[1]]
    for n, row in enumerate(range(2, sheet.max_row + 1), 1):
        sheet.cell(row, heads.index("三级指标") + 1, f"补上的指标{n}")
    out = io.BytesIO()
    book.save(out)
    page = sent(admin, "下载的.xlsx", out.getvalue())
    assert "归入指标集“坏（试）”" in page.text
    assert (count(page.text, "新增"), count(page.text, "文件里没有")) == (2, 0)
    assert "已入库" in confirmed(admin, page).text
    assert len(office.loading.records_of("坏（试）")) >= good + 2
    whole = messy()
    whole[2][4], whole[4][4] = "补上的指标1", "补上的指标2"
    again = sent(admin, "坏.xlsx", as_xlsx(whole), set="坏（试）")
    assert (count(again.text, "新增"), count(again.text, "不变")) == (0, 6)


def test_codes_that_come_twice_are_errors_as_well(admin: FlaskClient, office: KnowledgeBase) -> None:
    head = ["指标代码", *HEAD]
    rows = [["A-1", *ROWS[0]], ["A-1", *ROWS[1]], ["A-2", *ROWS[2]]]
    page = sent(admin, "重.xlsx", workbook([head, *rows]), set="重")
    assert "在文件里出现了两次" in page.text
    assert "没有入库" in confirmed(admin, page).text
    book = openpyxl.load_workbook(io.BytesIO(admin.get(f"{page.request.path}/bad.xlsx").data))
    assert book.worksheets[0].max_row == 2


CRITERIA = [
    ["一级指标", "二级指标", "三级指标", "计量单位", "考核口径"],
    ["产出指标", "数量指标", "学位数", "个", "新增的学位"],
]


def test_corrected_columns_are_read_again_remembered_and_forgotten(
    admin: FlaskClient, office: KnowledgeBase
) -> None:
    page = sent(admin, "口径.xlsx", workbook(CRITERIA), kind="indicators")
    assert ">没有用到<" in page.text
    assert "新增的学位" in page.text, "an unused column shows its cells as well"
    page = post(admin, page, "mapping", **{"map:考核口径": "explanation"})
    assert "已入库" in confirmed(admin, page).text
    assert "explanation" in next(iter(office.loading.learned().values())).values()
    again = sent(admin, "口径.xlsx", workbook(CRITERIA), kind="indicators", set="另一个")
    assert "这种表头以前更正过" in again.text
    assert '<option value="explanation" selected>' in again.text
    confirmed(admin, again)
    assert any(isinstance(r, Indicator) and r.explanation for r in office.loading.records_of("另一个"))
    (mark,) = office.loading.learned()
    assert "考核口径 → 指标解释" in admin.get("/admin/import/columns").text
    send(admin, "/admin/import/columns/forget", "/admin/import/columns", mark=mark)
    assert office.loading.learned() == {}
    office.undo(office.ledger.page(1)[0].number, actor="小管")
    assert mark in office.loading.learned()


def test_columns_of_a_target_like_table_can_be_swapped(admin: FlaskClient) -> None:
    rows = [
        ["一级指标", "二级指标", "三级指标", "指标值", "计量单位", "指标解释"],
        ["产出指标", "数量指标", "学位数", "个", "≥500", "新增"],
        ["产出指标", "质量指标", "合格率", "%", "≥95", "合格"],
    ]
    page = sent(admin, "错列.xlsx", workbook(rows), kind="indicators")
    page = post(admin, page, "mapping", **{"map:指标值": "unit_of_value", "map:计量单位": "target"})
    assert re.search(r'name="map:指标值".{0,4000}?<option value="unit_of_value" selected', page.text, re.S)
    assert "≥500个" in page.text


def test_a_correction_that_leaves_no_table_can_be_taken_back(admin: FlaskClient) -> None:
    page = sent(admin, "口径.xlsx", workbook(CRITERIA), kind="indicators")
    page = post(admin, page, "mapping", **{"map:三级指标": ""})
    assert "没有找到" in page.text
    page = post(admin, page, "reread")
    assert count(page.text, "新增") == 1


def test_duplicates_and_vanished_members_are_decided(admin: FlaskClient, office: KnowledgeBase) -> None:
    confirmed(admin, sent(admin, "县库.xlsx", workbook([HEAD, *ROWS]), set="BX"))
    like = office.record("JT-SL-01").name
    rows = [
        ["产出指标", "数量指标", f"{like}数", "公里", ""],
        ["产出指标", "数量指标", "新增中小学学位数", "个", ""],
        *ROWS[1:3],
    ]
    page = sent(admin, "县库2.xlsx", workbook([HEAD, *rows]), set="BX")
    merge = re.search(r'name="like:([^"]+)"', page.text)
    gone = re.findall(r'name="gone:([^"]+)"', page.text)
    assert merge
    assert len(gone) == 2
    new = re.search(r"停用，改用 (BD-BX-SL-\d+) 新增中小学学位数", page.text)
    assert new
    choices = {f"like:{merge[1]}": "JT-SL-01", f"gone:{gone[0]}": new[1], f"gone:{gone[1]}": "keep"}
    assert "还没有入库" in confirmed(admin, page, **choices).text
    page = settled(admin, page.request.path)
    assert "停用 1" in page.text
    assert f'<option value="{new[1]}" selected>' in page.text
    done = confirmed(admin, page, **choices)
    assert "已入库" in done.text
    assert f"改用 新增中小学学位数（{new[1]}）" in done.text
    retired = office.record(gone[0])
    assert isinstance(retired, Indicator)
    assert (retired.status, retired.successor) == (Status.RETIRED, new[1])
    assert "新增中小学学位数" in admin.get(f"/i/{gone[0]}").text
    assert f"{like}数" in office.record("JT-SL-01").aliases  # type: ignore[union-attr]


def test_all_that_is_not_decided_singly_is_retired_at_once(admin: FlaskClient, office: KnowledgeBase) -> None:
    confirmed(admin, sent(admin, "县库.xlsx", workbook([HEAD, *ROWS]), set="BX"))
    page = sent(admin, "县库.xlsx", workbook([HEAD, *ROWS[:1]]), set="BX")
    gone = re.findall(r'name="gone:([^"]+)"', page.text)
    fields = {f"gone:{code}": "" for code in gone} | {f"gone:{gone[0]}": "keep", "rest": "1", "replace": "1"}
    page = post(admin, page, "choices", **fields)
    assert "停用 2" in page.text
    assert "已入库" in confirmed(admin, page, **fields).text
    states = {code: office.record(code).status for code in gone}  # type: ignore[union-attr]
    assert list(states.values()) == [Status.ACTIVE, Status.RETIRED, Status.RETIRED]


def test_undecided_vanished_members_do_not_stand_in_the_way(admin: FlaskClient) -> None:
    confirmed(admin, sent(admin, "县库.xlsx", workbook([HEAD, *ROWS]), set="BX"))
    page = sent(admin, "县库.xlsx", workbook([HEAD, [*ROWS[0][:3], "座", "新。"]]), set="BX")
    gone = {f"gone:{code}": "" for code in re.findall(r'name="gone:([^"]+)"', page.text)}
    assert len(gone) == 3
    assert "已入库" in confirmed(admin, page, rest="1", **gone).text


def test_changes_are_told_in_chinese_field_by_field(admin: FlaskClient) -> None:
    confirmed(admin, sent(admin, "县库.xlsx", workbook([HEAD, *ROWS]), set="BX"))
    changed = [[*ROWS[0][:3], "座", "当年新增并启用。"], *ROWS[1:]]
    page = sent(admin, "县库.xlsx", workbook([HEAD, *changed]), set="BX")
    assert "<dt>计量单位</dt>" in page.text
    assert "<ins>座</ins>" in page.text
    shown = re.sub(r"<[^>]+>", "", page.text[page.text.index('id="changes"') :])
    assert "explanation" not in shown
    assert "None" not in shown


def test_a_plan_that_no_longer_holds_is_not_written(admin: FlaskClient, office: KnowledgeBase) -> None:
    first = sent(admin, "县库.xlsx", as_xlsx(*indicator_set()), set="BX")
    second = sent(admin, "县库.xlsx", as_xlsx(*indicator_set()), set="BX")
    assert "已入库" in confirmed(admin, first).text
    assert "有了改动，没有入库" in confirmed(admin, second).text


def test_work_goes_on_in_another_process_that_finds_it_undone(
    admin: FlaskClient, app: Flask, office: KnowledgeBase
) -> None:
    page = sent(admin, "县库.xlsx", as_xlsx(*indicator_set()), set="BX")
    (upload,) = app.extensions[KEY].uploads.all()
    for phase in (Phase.WRITING, Phase.PLANNING, Phase.READING):
        upload.tell(phase, 1, 6)  # as a process that was killed leaves it
        again = settled(admin, page.request.path)
        assert count(again.text, "新增") == 6
        assert ("什么都没有写进去" in again.text) == (phase is Phase.WRITING)
    upload.tell(Phase.WRITING, 1, 6)
    held = upload.hold()  # as a process that still works on it
    assert held is not None
    assert 'id="working"' in admin.get(page.request.path).text
    assert upload.state.phase is Phase.WRITING
    held.release()
    assert count(settled(admin, page.request.path).text, "新增") == 6
    assert "县库.xlsx" in admin.get("/admin/import").text, "an unfinished upload is offered again"
    assert "已放弃" in post(admin, page, "discard").text
    assert admin.get(page.request.path).status_code == 404


def test_reading_and_writing_can_be_cancelled_and_leave_nothing(
    admin: FlaskClient, app: Flask, office: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, begun, go = everything(office), threading.Event(), threading.Event()

    def slow(*_args: object, look: object, **_more: object) -> bytes:
        begun.set()
        go.wait(20)
        assert callable(look)
        look()
        raise AssertionError("it was called off")

    monkeypatch.setattr("web.import_jobs.read_apart", slow)
    monkeypatch.setattr("web.importing.PATIENCE", 0.05)
    form = {"form_token": token_of(admin.get("/admin/import")), "kind": "auto", "set": "BX"}
    data = {**form, "file": (io.BytesIO(as_xlsx(*indicator_set())), "县库.xlsx")}
    address = admin.post("/admin/import", data=data, content_type="multipart/form-data").location
    assert begun.wait(5)
    page = admin.get(address)
    assert "正在读取" in page.text
    assert 'http-equiv="refresh"' in page.text
    progress = admin.get(f"{address}/progress").json
    assert progress
    assert (progress["label"], progress["finished"]) == ("正在读取", False)
    admin.post(f"{address}/cancel", data={"form_token": token_of(page)})
    go.set()
    assert "已取消读取" in settled(admin, address).text
    monkeypatch.undo()
    page = post(admin, settled(admin, address), "reread")
    room = app.extensions[KEY]
    put = office.loading._store.put

    def called_off(*args: object, progress: object, **more: object) -> object:
        def told(done: int, total: int) -> None:
            room.cancel(room.uploads.all()[0])
            assert callable(progress)
            progress(done, total)

        return put(*args, progress=told, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(office.loading._store, "put", called_off)
    assert "已取消，什么都没有写入" in confirmed(admin, page).text
    assert everything(office) == before


def test_unreadable_files_and_unknown_uploads(admin: FlaskClient, anyone: FlaskClient) -> None:
    assert "没有找到可以入库的表" in sent(admin, "通知.txt", "请按时报送。".encode()).text
    assert "请选一个文件" in admin.post(
        "/admin/import", data={"form_token": token_of(admin.get("/admin/import"))}, follow_redirects=True
    ).text  # fmt: skip
    for token in ("0" * 32, "..", "x"):
        assert admin.get(f"/admin/import/{token}").status_code == 404
    assert anyone.get("/admin/import").status_code == 303


def test_unfinished_uploads_are_bounded(admin: FlaskClient, app: Flask) -> None:
    for _ in range(MOST):
        app.extensions[KEY].uploads.add("a.txt", b"a", kind="auto", set_name="", replace=False, actor="a")
    assert "没有完成的上传太多" in sent(admin, "b.txt", b"b").text


@pytest.mark.parametrize("kind", TEMPLATES)
def test_templates_are_handed_out_and_come_back_whole(admin: FlaskClient, kind: str) -> None:
    answer = admin.get(f"/admin/import/template/{kind}.xlsx")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    page = sent(admin, "填好.xlsx", filled(kind, 2, answer.data))
    assert 'id="errors"' not in page.text
    assert ">没有用到<" not in page.text
    assert admin.get("/admin/import/template/x.xlsx").status_code == 404


def test_a_late_or_cancelled_reader_is_killed(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="还没有读完"):
        read_apart("a.xlsx", as_xlsx(*indicator_set()), Hints(), seconds=0.01)

    def called_off() -> None:
        raise CancelledError

    with pytest.raises(CancelledError):
        read_apart("a.xlsx", as_xlsx(*indicator_set()), Hints(), look=called_off)


def test_two_processes_on_one_upload_keep_out_of_each_other_s_way(office: KnowledgeBase) -> None:
    here, there = ImportRoom(office), ImportRoom(office)
    upload = here.uploads.add(
        "县库.xlsx", as_xlsx(*indicator_set()), kind="auto", set_name="BX", replace=False, actor="x"
    )
    begun, go_on = threading.Event(), threading.Event()
    plan = here._plan

    def slow(up: Upload, stop: Stop) -> None:
        begun.set()
        go_on.wait(30)
        plan(up, stop)  # which looks at its end whether it was called off

    here._plan = slow  # type: ignore[method-assign]
    here.read(upload)
    assert begun.wait(30)
    assert not there.settled(upload, 0.2), "somebody else is at it"
    there.read(upload)
    assert there._line.idle, "nobody begins what another process does"
    there.cancel(upload)
    go_on.set()
    for room in (here, there):
        for _ in range(200):
            if room.settled(upload, 1):
                break
    assert upload.state.phase is Phase.READY
    assert "已取消" in upload.state.message, "called off from the other process"


def test_preview_of_an_upload_that_is_done_with_is_let_go(admin: FlaskClient, app: Flask) -> None:
    room: ImportRoom = app.extensions[KEY]
    page = sent(admin, "县库.xlsx", as_xlsx(*indicator_set()), set="BX")
    room.tidy()
    (upload,) = room.uploads.all()
    assert room.prepared(upload) is not None, "it may still be asked for"
    other = ImportRoom(room.kb)
    other.plan(upload)
    assert other.settled(upload, 30)
    assert other.prepared(upload) is not None
    assert "已入库" in confirmed(admin, page).text
    other.tidy()
    assert other._prepared == {}


def test_a_write_that_was_whole_when_its_process_died_leads_to_its_batch(
    admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = sent(admin, "县库.xlsx", as_xlsx(*indicator_set()), set="BX")
    settle, lost = Upload.settle, []

    def killed_once(upload: Upload, batch: int) -> None:
        """As a process leaves it that is killed between the write and its note."""
        if lost:
            settle(upload, batch)
        else:
            lost.append(batch)
            upload.tell(Phase.CLOSING)

    monkeypatch.setattr(Upload, "settle", killed_once)
    found = confirmed(admin, page)
    assert found.request.path == f"/admin/batch/{lost[0]}"
    assert "县库.xlsx" in found.text


def test_upload_of_a_process_that_died_is_taken_up(office: KnowledgeBase) -> None:
    room = ImportRoom(office)
    upload = room.uploads.add(
        "县库.xlsx", as_xlsx(*indicator_set()), kind="auto", set_name="BX", replace=False, actor="x"
    )
    upload.tell(Phase.WRITING)
    for _ in range(60):
        if room.settled(upload, 1):
            break
    assert upload.state.phase is Phase.READY


def test_a_set_gets_its_edition_issuer_and_validity_from_the_form(
    admin: FlaskClient, office: KnowledgeBase
) -> None:
    said = {
        "edition": "2027",
        "issuer": "某县财政局",
        "region": "某县",
        "valid_from": "2027-01-01",
        "valid_to": "2027",
    }
    confirmed(admin, sent(admin, "县库.xlsx", as_xlsx(*indicator_set()), set="BX", **said))
    found = office.loading.find_set("BX")
    assert found
    assert {f: getattr(found, f) for f in said} == said
    # What is left empty leaves what stands.
    confirmed(
        admin,
        sent(
            admin,
            "县库.xlsx",
            as_xlsx(
                *indicator_set(),
            ),
            set="BX",
            edition="2028",
        ),
    )
    again = office.loading.find_set("BX")
    assert again
    assert (again.edition, again.issuer) == ("2028", "某县财政局")


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "told"),
    [("明年", "", "不是日期"), ("2027-02-30", "", "不是日期"), ("2027", "2026-05", "止早于起")],
)
def test_a_wrong_validity_is_told_and_what_was_typed_stays(
    admin: FlaskClient, valid_from: str, valid_to: str, told: str
) -> None:
    page = sent(
        admin, "县库.xlsx", as_xlsx(*indicator_set()), set="我的集", valid_from=valid_from, valid_to=valid_to
    )
    assert page.status_code == 400
    assert told in page.text
    assert 'value="我的集"' in page.text
    assert f'value="{valid_from}"' in page.text
