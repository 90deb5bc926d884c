"""Recognising the text of page images, with RapidOCR and the models of its own package: nothing is fetched.

RapidOCR 3.10 (2026-10, Apache-2.0, the models too) is the optional extra ``ocr``. Its wheel holds
PP-OCRv6 for Chinese; the models are named by their files here, so that it never looks for others.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


_LEAST_SIDE = 736  # limit_side_len of the detection model


@dataclass(frozen=True, slots=True)
class Seen:
    """A run of characters seen on an image: where, in pixels, and how surely it was recognised (0..1)."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    sure: float


@lru_cache(maxsize=1)
def is_available() -> bool:
    """Whether the extra is installed with its models."""
    return importlib.util.find_spec("onnxruntime") is not None and all(_models().values())


def recognise(image: Image) -> list[Seen]:
    """Runs of characters of an RGB image, in reading order. Only where ``is_available``."""
    found = _engine()(_padded(image))
    if found.boxes is None:
        return []
    return [
        Seen(
            text, float(box[:, 0].min()), float(box[:, 1].min()), float(box[:, 0].max()), float(box[:, 1].max()), float(sure)
        )
        for box, text, sure in zip(found.boxes, found.txts, found.scores, strict=True)
        if text.strip()
    ]  # fmt: skip


def _padded(image: Image) -> Image:
    """The image with white around it to the least side that is looked at: a thin strip would be blown up to it."""
    height, width = image.shape[:2]
    below, beside = max(0, _LEAST_SIDE - height), max(0, _LEAST_SIDE - width)
    if not (below or beside):
        return image
    return np.pad(image, ((0, below), (0, beside), (0, 0)), constant_values=255)


def _models() -> dict[str, Path | None]:
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or spec.origin is None:
        return {"Det": None, "Rec": None}
    folder = Path(spec.origin).parent / "models"
    return {
        part: next(iter(sorted(folder.glob(f"*_{part.lower()}_*.onnx"))), None) for part in ("Det", "Rec")
    }


@lru_cache(maxsize=1)
def _engine() -> Any:
    from rapidocr import RapidOCR  # half a second and 300 MB: only for scans

    paths = {f"{part}.model_path": str(path) for part, path in _models().items()}
    return RapidOCR(params={**paths, "Global.use_cls": False, "Global.log_level": "error"})
