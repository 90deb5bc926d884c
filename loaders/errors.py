"""What can be wrong with a file that somebody hands in, as sentences that say what to do."""

from __future__ import annotations

from collections.abc import Mapping


class FileError(Exception):
    """A file cannot be read; ``str()`` names the file, what is wrong and what to do."""

    def __init__(self, file: str, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(f"{file}：{reason}")


class ProtectedFileError(FileError):
    """The file opens only with a password."""

    def __init__(self, file: str) -> None:
        super().__init__(file, "文件设了打开密码，读不了。请去掉密码另存后再交。")


class TooLargeError(FileError):
    """The file, or what it expands to, is larger than the limit."""

    def __init__(self, file: str, limit: str) -> None:
        super().__init__(file, f"文件或解压后的内容超过 {limit}。请删去图片和无关工作表，或拆成几个文件。")


class UnknownFormatError(FileError):
    """The bytes are of no kind that can be read."""

    def __init__(self, file: str) -> None:
        super().__init__(file, "认不出文件格式。可读 xlsx、xls、ods、docx、pdf、csv、html、md 和粘贴的文字。")


class DamagedFileError(FileError):
    """The file has the look of its kind but cannot be parsed."""

    def __init__(self, file: str, detail: str) -> None:
        super().__init__(file, f"文件已损坏或不完整（{detail}）。请用 WPS 或 Excel 打开另存后再交。")


class NoTableError(FileError):
    """The file was read but holds no target table."""

    def __init__(self, file: str, looked: str) -> None:
        super().__init__(
            file, f"没有找到绩效目标表（看过：{looked}）。表头要有“三级指标”和“指标值”这样的列名。"
        )


class UnknownFormError(ValueError):
    """A form that there is not, or not as a file of the wanted kind; ``forms`` are name to kinds."""

    def __init__(self, form: str, kind: str, forms: Mapping[str, tuple[str, ...]]) -> None:
        self.form, self.kind = form, kind
        known = "、".join(f"{name}（{'、'.join(kinds)}）" for name, kinds in forms.items())
        super().__init__(f"没有 {kind} 格式的表“{form}”。可导出：{known}。")


class StrayCellError(FileError):
    """A cell far away stretches a sheet to a size that cannot be read."""

    def __init__(self, file: str, cell: str) -> None:
        super().__init__(
            file, f"{cell} 有内容，离表格太远，把工作表撑得读不了。请删去那一格所在的行和列，另存后再交。"
        )
