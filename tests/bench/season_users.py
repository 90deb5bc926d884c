"""Locust users of a season: staff who search, look, draft and review, each at a person's pace.

Run by ``tests.bench.season_load``; by hand: ``locust -f tests/bench/season_users.py --host http://…``.
The share of each kind of request is told by ``SHARES``: 60 % search and suggestions, 20 % pages, 15 %
changes of drafts, 5 % reviews.
"""

from __future__ import annotations

import json
import os
import random
import re
from pathlib import Path
from typing import Any

from locust import HttpUser, between, events, task

from tests.bench.season_kills import FAILURES

SHARES = {"search": 45, "suggest": 15, "page": 20, "draft": 15, "review": 5}
QUERIES = (
    "修路", "村里垃圾没人收", "残疾儿童康复", "公共图书馆免费开放", "办公电脑采购", "农村饮水", "学生营养餐", "群众满意度", "完成及时率",
    "高标准农田", "病虫害防治", "养老服务", "危房改造", "文艺演出", "污水处理", "就业培训", "森林防火", "信息系统运维", "疫苗接种", "成本节约率",
)  # fmt: skip
PROJECTS = (
    "修5公里村道，投资300万元，6个月完工，受益3个村", "给200名残疾儿童做康复训练，每人每年1.8万元",
    "购买办公电脑50台，预算25万元", "公共图书馆免费开放，全年开放300天",
)  # fmt: skip
_TOKEN = re.compile(r'name="form_token" value="([^"]+)"')
_PAGE = re.compile(r'href="(/(?:i|project|problem|guide|sector)/[^"#?]+)"')


@events.request.add_listener
def _note(name: str, start_time: float, response_time: float, exception: Exception | None, **_: Any) -> None:
    if exception is not None and (file := os.environ.get(FAILURES)):
        line = {"name": name, "began": start_time, "ended": start_time + response_time / 1000, "error": repr(exception)}  # fmt: skip
        with Path(file).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")


class Staff(HttpUser):
    """One person with a browser: 4 to 12 seconds between two clicks."""

    wait_time = between(4, 12)

    def on_start(self) -> None:
        """Nobody has seen or begun anything yet."""
        self.chance = random.Random()  # people differ; the figures are over thousands of requests
        self.seen: list[str] = ["/sectors", "/frameworks", "/problems", "/guides"]
        self.draft, self.version, self.rows = "", 0, [dict[str, str]()]

    @task(SHARES["search"])
    def search(self) -> None:
        """Ask a question and look at what came."""
        query = self.chance.choice(QUERIES)
        page = self.client.get("/search", params={"q": query}, name="search").text
        self.seen = (_PAGE.findall(page) or self.seen)[:30]

    @task(SHARES["suggest"])
    def suggest(self) -> None:
        """Type the first characters of a question."""
        typed = self.chance.choice(QUERIES)[: self.chance.randint(1, 3)]
        self.client.get("/api/v1/suggest", params={"q": typed}, name="suggest")

    @task(SHARES["page"])
    def page(self) -> None:
        """Open something that the last search showed."""
        self.client.get(self.chance.choice(self.seen), name="page")

    @task(SHARES["draft"])
    def change(self) -> None:
        """Change a row of one's own draft: checked while typing, then saved by itself."""
        if not self.draft:
            self._begin()
            return
        row = self.chance.choice(self.rows)
        row["target"] = f"≥{self.chance.randint(1, 500)}"
        body = {"version": self.version, "rows": self.rows}
        self.client.post(f"{self.draft}/check", json=body, name="draft: check")
        with self.client.post(
            f"{self.draft}/save", json=body, name="draft: save", catch_response=True
        ) as answer:
            self.version = _field(answer, "version", self.version)

    def _begin(self) -> None:
        text = self.chance.choice(PROJECTS)
        asked = self.client.post("/draft", data={"text": text}, name="draft: propose")
        token = _TOKEN.search(asked.text)
        if token is None:
            return
        form = {"text": text, "form_token": token[1]}
        made = self.client.post("/draft/new", data=form, name="draft: begin", allow_redirects=False)
        self.draft, self.version = made.headers.get("Location", ""), 1
        self.rows = [
            {"level1": "产出指标", "level2": "数量指标", "name": f"指标{n}", "target": "≥1", "unit": "个"}
            for n in range(8)
        ]

    @task(SHARES["review"])
    def review(self) -> None:
        """Hand in a table of a dozen rows and read what is said of it."""
        rows = [f"村道,产出指标,数量指标,修路里程{n},{self.chance.randint(1, 99)}%,公里" for n in range(12)]
        table = "项目名称,一级指标,二级指标,三级指标,指标值,计量单位\n" + "\n".join(rows)
        self.client.post("/api/v1/review", data=table.encode(), name="review")


def _field(answer: Any, name: str, otherwise: int) -> int:
    try:
        return int(answer.json()[name])
    except (ValueError, KeyError, TypeError):
        answer.failure(f"{answer.status_code}: no {name}")
        return otherwise
