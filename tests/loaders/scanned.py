"""Pages that look scanned: a table drawn as an image, with what scanners do to it, inside a PDF or as a picture."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from openpyxl.utils import range_boundaries
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Rows = Sequence[Sequence[object]]
_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
)  # fmt: skip
PAGE = (1654, 2339)
"""A4 at 200 dots per inch."""


def font_path() -> str:
    """A Chinese font of the system, "" where there is none."""
    return next((f for f in _FONTS if Path(f).exists()), "")


def page(
    rows: Rows, merges: Iterable[str] = (), *, title: str = "", lines: bool = True, below: Sequence[str] = (), size: int = 26
) -> Image.Image:  # fmt: skip
    """A page with a table; a text too long for its cell is broken into lines, as programs break it."""
    font = ImageFont.truetype(font_path(), size)
    image = Image.new("L", PAGE, 255)
    draw = ImageDraw.Draw(image)
    draw.text((560, 90), title, font=ImageFont.truetype(font_path(), size + 10), fill=0)
    width = (PAGE[0] - 200) // max(len(r) for r in rows)
    spans, covered = {}, set()
    for area in merges:
        left, top, right, bottom = (n - 1 for n in range_boundaries(area))
        spans[top, left] = (bottom, right)
        covered |= {(r, c) for r in range(top, bottom + 1) for c in range(left, right + 1)} - {(top, left)}
    tops = [200]
    for row in rows:
        deepest = max(len(_broken(str(v), font, width - 20)) for v in row)
        tops.append(tops[-1] + 34 + deepest * (size + 8))
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if (r, c) in covered:
                continue
            bottom, right = spans.get((r, c), (r, c))
            x, y, x2, y2 = 100 + c * width, tops[r], 100 + (right + 1) * width, tops[bottom + 1]
            if lines:
                draw.rectangle((x, y, x2, y2), outline=0, width=2)
            written = _broken(str(value), font, x2 - x - 20)
            at = (y + y2 - len(written) * (size + 8)) // 2
            for n, line in enumerate(written):
                draw.text((x + 10, at + n * (size + 8)), line, font=font, fill=0)
    for n, line in enumerate(below):
        draw.text((100, tops[-1] + 60 + n * (size + 20)), line, font=font, fill=0)
    return image


def _broken(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines = [""]
    for char in text:
        if font.getlength(lines[-1] + char) > width:
            lines.append("")
        lines[-1] += char
    return lines


def worn(image: Image.Image, *, angle: float = 0.7, noise: float = 9.0) -> Image.Image:
    """The page as a scanner gives it: a little turned, grey, noisy, soft."""
    turned = image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=255).filter(
        ImageFilter.GaussianBlur(0.6)
    )
    pixels = np.asarray(turned, np.float32) * 0.88 + 18
    pixels += np.random.default_rng(1).normal(0, noise, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def as_scanned_pdf(*images: Image.Image) -> bytes:
    """A PDF whose pages are images."""
    out = io.BytesIO()
    images[0].save(out, "PDF", resolution=200, save_all=True, append_images=images[1:])
    return out.getvalue()


def as_picture(image: Image.Image, kind: str) -> bytes:
    """A picture file: PNG or JPEG."""
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()
