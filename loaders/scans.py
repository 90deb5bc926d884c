"""Pages of scanned PDFs and pictures to recognised tables and text, bounded in pages, pixels and time."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator

import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image, ImageOps

from loaders.errors import DamagedFileError, FileError, TooLargeError
from loaders.ocr import Seen, is_available, recognise
from loaders.progress import tell
from loaders.recognised import Page, page_of
from loaders.ruled import ruled_tables

MOST_SCANNED = 40
MOST_PIXELS = 60_000_000
SECONDS = 75.0
"""Time for the recognition of a file; its reading process is killed a little later."""

_DPI, _LONGEST_SIDE = 200, 2600
_SKEWS = 3.0
_THUMBNAIL = 900


class NoRecognitionError(FileError):
    """A scan, and the extra that recognises text is not installed."""

    def __init__(self, file: str, what: str) -> None:
        super().__init__(
            file,
            f"{what}，页面里只有图片没有文字。请交可编辑的文件；或请管理员安装文字识别组件（pip install \"indicator-kb[ocr]\"）后再交。",
        )  # fmt: skip


class LongScanError(FileError):
    """A scan that takes too long to recognise."""

    def __init__(self, file: str, read: int, pages: int) -> None:
        super().__init__(
            file,
            f"扫描件有 {pages} 页，{SECONDS:g} 秒只识别了 {read} 页，已停止。请拆成每份不超过 {max(1, read)} 页再交，或交可编辑的文件。",
        )


def read_scanned_pages(name: str, data: bytes, numbers: Iterable[int]) -> list[tuple[int, Page]]:
    """Recognised pages of a PDF by their numbers from 1. Raises a FileError."""
    wanted = list(numbers)
    if not is_available():
        raise NoRecognitionError(name, "是扫描件")
    if len(wanted) > MOST_SCANNED:
        raise TooLargeError(name, f"{MOST_SCANNED} 页扫描件")
    return list(_recognised(name, wanted, _rendered(name, data, wanted)))


def read_picture(name: str, data: bytes) -> Page:
    """The recognised page of a picture (png, jpg). Raises a FileError."""
    if not is_available():
        raise NoRecognitionError(name, "是图片")
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise TooLargeError(name, f"{MOST_PIXELS // 1_000_000} 百万像素")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except FileError:
        raise
    except Exception as error:  # a foreign parser on bytes from outside: a mutated picture raises anything
        raise DamagedFileError(name, "图片结构不完整") from error
    upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    ((_, page),) = _recognised(name, [1], [(upright, float(_DPI))])
    return page


def _rendered(name: str, data: bytes, numbers: Iterable[int]) -> Iterator[tuple[Image.Image, float]]:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise DamagedFileError(name, "PDF 结构不完整") from error
    try:
        for number in numbers:
            page = document[number - 1]
            inches = max(page.get_size()) / 72
            dpi = min(float(_DPI), _LONGEST_SIDE / max(inches, 0.1))
            yield page.render(scale=dpi / 72).to_pil().convert("RGB"), dpi
    except (pypdfium2.PdfiumError, ValueError, IndexError) as error:
        raise DamagedFileError(name, "PDF 结构不完整") from error
    finally:
        document.close()


def _recognised(
    name: str, numbers: list[int], images: Iterable[tuple[Image.Image, float]]
) -> Iterator[tuple[int, Page]]:
    begun = time.monotonic()
    for n, (number, (image, dpi)) in enumerate(zip(numbers, images, strict=True)):
        if time.monotonic() - begun > SECONDS:
            raise LongScanError(name, n, len(numbers))
        tell("页扫描件", n + 1, len(numbers))
        upright = image.rotate(
            _skew(image), Image.Resampling.BILINEAR, expand=False, fillcolor=(255, 255, 255)
        )
        pixels = np.asarray(upright, np.uint8)
        tables = ruled_tables(np.asarray(upright.convert("L"), np.uint8))
        yield number, page_of(number, _seen(name, number, pixels), tables, dpi)


def _seen(name: str, number: int, pixels: NDArray[np.uint8]) -> list[Seen]:
    try:
        return recognise(pixels)
    except Exception as error:  # a foreign engine on pixels from outside
        if isinstance(
            error.__cause__, TimeoutError
        ):  # the reading process is late; the engine wraps what tells so
            raise error.__cause__ from error
        raise DamagedFileError(name, f"第{number}页识别不了") from error


def _skew(image: Image.Image) -> float:
    """Degrees to turn a page by so that its lines lie level; 0 where it hardly matters."""
    small = ImageOps.invert(image.convert("L"))
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))

    def sharpness(angle: float) -> float:
        sums: NDArray[np.int64] = np.asarray(small.rotate(angle, Image.Resampling.BILINEAR), np.uint8).sum(
            axis=1, dtype=np.int64
        )
        return float(np.square(np.diff(sums)).sum())

    rough = max(np.arange(-_SKEWS, _SKEWS + 0.1, 0.5), key=sharpness)
    fine = max(np.arange(rough - 0.4, rough + 0.41, 0.1), key=sharpness)
    return float(fine) if abs(fine) >= 0.15 and sharpness(fine) > 1.05 * sharpness(0.0) else 0.0
