"""Records and answers as plain text for the terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from indicators.coverage import LEVEL2, SectorCoverage
from indicators.finding import Finding
from indicators.model import Kind
from kb.reports import CheckReport, ContentReport
from kb.search.answer import Hit, SearchAnswer
from web.review_files import ReviewedFile
from web.words import KIND_NAMES, PUBLIC_KIND_NAMES

FIELD_LABELS = {
    "level1": "一级指标", "level2": "二级指标", "sector": "行业", "subsector": "行业类别", "explanation": "指标解释",
    "formula": "计算公式", "numerator": "分子", "denominator": "分母", "unit": "计量单位", "direction": "方向",
    "wording": "写法", "bad_wording": "不好的写法", "value_method": "完成值取值方式", "data_source": "数据来源",
    "evidence": "佐证资料", "scoring": "赋分规则", "frequency": "频次", "aliases": "别名", "keywords": "关键词",
    "fits": "适用", "unfit": "不适用", "weight_min": "权重下限", "weight_max": "权重上限", "year": "年度",
    "amount": "金额（万元）", "self_score": "自评得分", "third_party_score": "第三方评分", "grade": "等级",
    "what": "问题", "cause": "原因", "fix": "整改要求", "description": "说明", "objection": "为什么退回",
    "text": "内容", "summary": "概要", "points": "评价要点", "number": "文号", "issuer": "发文单位", "date": "日期",
    "url": "网址", "note": "备注", "region": "地区", "evaluator": "评价机构", "edition": "版本", "scope": "范围",
    "standards": "五种标准", "pitfalls": "常见毛病", "pairs": "配对", "sources": "来源",
}  # fmt: skip


def json_line(value: Any) -> str:
    """JSON on one line, Chinese as it is."""
    return json.dumps(value, ensure_ascii=False)


def answer_text(answer: SearchAnswer) -> str:
    """A page of hits, two lines each, with what was relaxed and suggested."""
    if not answer.hits:
        return f"没有找到“{answer.query}”。换个说法试试，或用 kb search 行业名 看该行业的指标。"
    lines = [f"“{answer.query}” 共 {answer.total} 条，{answer.took_ms:.1f} 毫秒"]
    if answer.relaxed:
        lines.append(f"没有完全符合的结果，已放宽：{answer.relaxed}")
    if answer.did_you_mean:
        lines.append(f"你是不是要找：{answer.did_you_mean}")
    for hit in answer.hits:
        lines += ["", *_hit_lines(hit)]
    return "\n".join(lines)


def _hit_lines(hit: Hit) -> list[str]:
    place = " / ".join(part for part in (hit.sector, hit.level1, hit.level2) if part)
    core = " ★核心" if hit.core else ""
    first = (
        f"{hit.rank:>3}. {hit.name}{core}  [{PUBLIC_KIND_NAMES.get(hit.kind, hit.kind)} {hit.code}] {place}"
    )
    why = f"（{'；'.join(hit.why)}）" if hit.why else ""
    return [first, f"     {hit.snippet}{why}"]


def record_text(record: dict[str, Any]) -> str:
    """A record with its filled fields, sources and joins."""
    lines = [f"{record['name']}  [{KIND_NAMES[Kind(record['kind'])]} {record['code']}]"]
    for field, value in record["fields"].items():
        if field in FIELD_LABELS and (text := _plain(value)):
            lines.append(f"{FIELD_LABELS[field]}：{text}")
    for use in record.get("projects", []):
        if "target" in use:
            lines.append(
                f"用过：{use['name']}（{use['year'] or '年度不详'}）{use['name_in_row']} {use['target']}"
            )
    for row in record.get("rows", []):
        lines.append(f"第 {row['row']} 行：{row['level2']} | {row['name']} | {row['target']}")
    for issue in record.get("issues", []):
        lines.append(f"评价问题：{issue['name']} [{issue['code']}]")
    for source in record["sources"]:
        lines.append(f"来源：{source['name']} {source['number']} {source['place']}".rstrip())
    return "\n".join(lines)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(v for v in value if isinstance(v, str))
    return "" if value is None or isinstance(value, dict) else str(value)


def check_text(report: CheckReport) -> str:
    """What was counted, then what is wrong with its remedy, or that all is well."""
    counts = "，".join(f"{KIND_NAMES[kind]} {n}" for kind, n in report.counts.items())
    lines = [f"记录：{counts}"]
    if report.ok:
        return "\n".join([*lines, "数据库、索引、目录一致。"])
    return "\n".join([*lines, *(f"有误：{f.what}。{f.remedy}。" for f in report.findings)])


def check_json(report: CheckReport, content: ContentReport | None) -> dict[str, Any]:
    """A check as JSON; ``content`` holds the coverage table where it was asked for."""
    answer: dict[str, Any] = {
        "ok": report.ok,
        "counts": {kind.value: n for kind, n in report.counts.items()},
        "findings": [{"what": f.what, "remedy": f.remedy} for f in report.findings],
    }
    if content is not None:
        found = content.coverage
        answer["content"] = {
            "indicators": found.indicators,
            "core": found.core,
            "repeated_share": round(content.repeated, 4),
            "sectors": [_sector_json(row) for row in found.sectors],
            "fields": found.fields,
            "to_mend": {name: [i.code for i in items] for name, items in found.to_mend.items()},
            "near_duplicates": [[a.code, b.code, round(likeness, 2)] for a, b, likeness in found.near],
            "faults": [{"level": f.level, "code": f.code, "message": f.message} for f in content.faults],
        }
    return answer


def _sector_json(row: SectorCoverage) -> dict[str, Any]:
    return {
        "code": row.sector.code,
        "name": row.sector.name,
        "indicators": row.total,
        "level2": row.by_level2,
        "core": [i.code for i in row.core],
        "core_missing": list(row.core_missing),
        "bare_subsectors": list(row.bare_subsectors),
        "projects": row.projects,
    }


def content_text(content: ContentReport) -> str:
    """The coverage table, the completeness of fields, and what waits to be mended."""
    found = content.coverage
    heads = [
        *(
            name.removesuffix("指标").removesuffix("效益").removesuffix("影响").removeprefix("服务对象")
            for name in LEVEL2
        ),
        "合计",
        "核心",
        "项目",
    ]
    widths = [_width(head) + 2 for head in heads]
    lines = [
        "",
        f"指标 {found.indicators} 条，其中核心 {found.core} 条；解释中重复的句子占 {content.repeated:.1%}",
        "",
    ]
    lines.append(_row("行业", heads, widths))
    for row in found.sectors:
        numbers = [row.by_level2.get(name, 0) for name in LEVEL2]
        cells = [*numbers, row.total, len(row.core), row.projects]
        lines.append(_row(row.sector.name, cells, widths))
        lines += (
            [f"    核心指标还缺：{'、'.join(row.core_missing)}"] if row.core_missing and row.total else []
        )
        lines += [f"    没有指标的类别：{'、'.join(row.bare_subsectors)}"] if row.bare_subsectors else []
    lines += ["", "字段完整度："]
    lines += [f"  {FIELD_LABELS.get(name, name)} {n}/{found.indicators}" for name, n in found.fields.items()]
    lines += ["", "待修的记录："]
    lines += [f"  {name} {len(items)} 条" for name, items in found.to_mend.items()]
    lines += [f"  名称相近：{a.code} {a.name}／{b.code} {b.name}（{n:.2f}）" for a, b, n in found.near[:20]]
    lines += [
        f"  {'错误' if f.level == 'error' else '提示'} {f.code} {f.message}" for f in content.faults[:50]
    ]
    return "\n".join(lines)


def _row(head: str, cells: Sequence[object], widths: Sequence[int]) -> str:
    padded = head + " " * (20 - _width(head))
    return padded + "".join(
        " " * (width - _width(str(c))) + str(c) for c, width in zip(cells, widths, strict=True)
    )


def _width(text: str) -> int:
    # A Chinese character takes two columns on a terminal.
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


def review_text(reviewed: ReviewedFile) -> str:
    """A reviewed file in words: each table's grade, then its findings row by row."""
    lines = [f"== {reviewed.name}"]
    lines += [f"请看：{problem}" for problem in reviewed.problems]
    for review in reviewed.reviews:
        draft = review.draft
        amount = f"，{draft.amount} 万元" if draft.amount is not None else ""
        lines.append(
            f"{draft.project or '（未写项目名称）'}{amount}：{review.grade}（{review.points} 分，供复核）"
        )
        lines += [f"  整表 {_finding_line(f)}" for f in review.findings]
        for row in review.rows:
            lines += [
                f"  第 {row.row.number} 行{'（隐藏）' if row.row.hidden else ''} {row.row.name or row.row.target}：{_finding_line(f)}"
                for f in row.findings
            ]
    return "\n".join(lines)


def _finding_line(finding: Finding) -> str:
    repair = f" 建议：{finding.suggestion.text}" if finding.suggestion else ""
    return f"[{finding.severity.label} {finding.code}] {finding.message}{repair}"
