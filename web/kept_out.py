"""What a newer shipped catalogue left as this office has it, told by whatever opened the knowledge base."""

from __future__ import annotations

from kb.catalogue import told_of
from kb.knowledge import KnowledgeBase


def kept_out(kb: KnowledgeBase) -> str:
    """A sentence with the page that shows the differences; "" where no catalogue came in, or nothing was kept."""
    loaded = kb.brought_in
    if loaded is None or not loaded.kept:
        return ""
    number = loaded.batch.number
    return (
        f"随程序发布的目录有更新，已载入，记为第 {number} 批；{told_of(loaded.kept)}，没有跟着更新。"
        f"差别见网页“管理 → 批次 → 第 {number} 批”（/admin/batch/{number}?show=kept#changes）。"
    )
