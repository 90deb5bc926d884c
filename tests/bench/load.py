"""Loading 10,000 indicator rows from a workbook: the whole command's work beside merely reading the file.

``python -m tests.bench load [--rows N]``.
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import tempfile
import time
from pathlib import Path

from python_calamine import CalamineWorkbook

from kb.knowledge import KnowledgeBase
from kb.settings import Settings
from loaders.building import Options, build
from loaders.loading import load_file
from tests.loaders.build import workbook

SMALL = Path(__file__).parents[1] / "cases" / "catalogue"
HEAD = [
    "行业类别",
    "一级指标",
    "二级指标",
    "三级指标",
    "指标解释",
    "计算公式",
    "计量单位",
    "指标方向",
    "数据来源",
    "评分标准",
]
LEVELS = [
    ("产出指标", "数量指标"),
    ("产出指标", "质量指标"),
    ("产出指标", "时效指标"),
    ("效益指标", "社会效益指标"),
    ("满意度指标", "服务对象满意度指标"),
]
THINGS = (
    "道路",
    "桥梁",
    "管网",
    "学位",
    "病床",
    "林地",
    "耕地",
    "水库",
    "路灯",
    "图书",
    "车辆",
    "设备",
    "场馆",
    "档案",
    "监测点",
)


def many_rows(number: int) -> bytes:
    """A workbook of so many different indicators, under a title row, levels merged nowhere."""
    luck = random.Random(7)
    rows: list[list[object]] = [["绩效指标库"], HEAD]
    for n in range(number):
        level1, level2 = LEVELS[n % len(LEVELS)]
        thing = luck.choice(THINGS)
        name = f"第{n}类{thing}{'数量' if level2 == '数量指标' else '达标率'}"
        rows.append([
            f"第{n % 40}类", level1, level2, name, f"反映{thing}第{n}项建设的完成情况，按年统计。", f"实际{thing}÷计划{thing}×100%",
            "个" if level2 == "数量指标" else "%", "正向", "年度统计报表", "达到目标得满分，每低一个百分点扣一分。",
        ])  # fmt: skip
    return workbook(rows)


def measure(number: int, home: Path) -> list[tuple[str, float]]:
    """Seconds of each step of loading a workbook into a new knowledge base."""
    data = many_rows(number)
    steps = []
    with KnowledgeBase.open(Settings(home=home, catalogue=SMALL)) as kb:
        at = time.perf_counter()

        def step(name: str) -> None:
            nonlocal at
            steps.append((name, time.perf_counter() - at))
            at = time.perf_counter()

        CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
        step("读文件（只读，不入库）")
        file = load_file("库.xlsx", data)
        step("认表、取行、检查")
        candidates = build(file, Options(kb.loading.sectors()))
        plan = kb.loading.plan(candidates, "库")
        step("预案")
        assert plan.counts["new"] == number, plan.counts
        kb.loading.commit(plan, plan.fingerprint, name="入库", actor="测", reason="")
        step("写入并建索引")
        again = kb.loading.plan(build(load_file("库.xlsx", data), Options(kb.loading.sectors())), "库")
        step("再入一次（读到预案）")
        assert again.counts["same"] == number, again.counts
        assert not again.records
    return steps


def main(arguments: list[str]) -> int:
    """Print seconds by step; 1 where a load takes 30 s or more."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench load")
    parser.add_argument("--rows", type=int, default=10_000)
    rows = parser.parse_args(arguments).rows
    with tempfile.TemporaryDirectory() as home:
        steps = measure(rows, Path(home))
    for name, seconds in steps:
        print(f"{seconds:8.2f} s  {name}")
    whole = sum(s for name, s in steps[1:4])
    print(f"{whole:8.2f} s  入库合计，{rows} 行")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB 内存峰值")
    return int(whole >= 30)
