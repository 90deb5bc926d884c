"""Failures that a user can do something about: one class each, whose constructor builds the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class KnowledgeError(Exception):
    """Base of all failures with a message for the user; ``str()`` is a Chinese sentence."""


class UnknownCodeError(KnowledgeError):
    """No record has this code; ``suggestions`` are (kind, code, name) of near ones."""

    def __init__(self, code: str, suggestions: Sequence[tuple[str, str, str]] = ()) -> None:
        self.code = code
        self.suggestions = tuple(suggestions)
        near = (
            "；相近的有 " + "、".join(f"{c} {n}" for _, c, n in self.suggestions) if self.suggestions else ""
        )
        super().__init__(f"没有代码为“{code}”的记录{near}。请检查代码，或用 kb search 查找。")


class BusyError(KnowledgeError):
    """Another process is preparing this knowledge base."""

    def __init__(self, home: Path, seconds: float) -> None:
        super().__init__(f"另一个程序正在准备知识库 {home}，等了 {seconds:.0f} 秒仍未完成。请稍后再试。")


class NewerDatabaseError(KnowledgeError):
    """The database was written by a newer version of the program."""

    def __init__(self, found: str) -> None:
        super().__init__(f"数据库由更新的版本写成（版本标记 {found}）。请升级程序后再打开，数据没有改动。")


class DatabaseUnavailableError(KnowledgeError):
    """The database cannot be opened or reached."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(
            f"打不开数据库 {where}：{reason}。请检查路径、权限、数据库服务是否在运行，或 KB_DATABASE 设置。"
        )


class DatabaseBusyError(KnowledgeError):
    """The database is there but others held what was needed for too long; nothing was written."""

    def __init__(self) -> None:
        super().__init__("数据库正忙，等了一会儿仍没有轮到，什么都没有改动。请稍后再试。")


class BackupError(KnowledgeError):
    """A backup file cannot be written or is not fit to restore from."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"备份文件 {file}：{reason}")


class HomeError(KnowledgeError):
    """The folder of the knowledge base cannot be used."""

    def __init__(self, home: Path, reason: str) -> None:
        super().__init__(f"知识库文件夹 {home} 不能使用：{reason}。请换一个文件夹（--home）或改正权限。")


class ChangedMeanwhileError(KnowledgeError):
    """Somebody else changed the record after its editor opened it."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(
            f"{code} 在您打开之后被别人改过，没有保存您的修改。请重新打开这一条，看过新的内容再改。"
        )


class PointedGoneError(KnowledgeError):
    """A record that another one points to was taken out between looking and writing; nothing was written."""

    def __init__(self) -> None:
        super().__init__(
            "要写的内容指向一条刚被别人撤下的记录，没有保存，什么都没有改动。请改指别的记录再试。"
        )


class UnknownBatchError(KnowledgeError):
    """There is no batch of this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"没有第 {number} 批。批次号见记录页的版本表或审计日志。")


class UndoConflictError(KnowledgeError):
    """A batch cannot be taken back whole: ``reasons`` say what stands in the way, ``batches`` since which."""

    def __init__(self, reasons: Sequence[str], batches: Sequence[int] = ()) -> None:
        self.reasons, self.batches = tuple(reasons), tuple(batches)
        shown = "；".join(self.reasons[:5]) + (
            f"；等 {len(self.reasons)} 处" if len(self.reasons) > 5 else ""
        )
        first = (
            f"请从新到旧先撤回第 {'、'.join(map(str, self.batches))} 批，再撤回这一批"
            if self.batches
            else "请先撤回后来的改动"
        )
        super().__init__(f"不能撤回，什么都没有改动：{shown}。{first}；或直接修改这些记录。")


class CatalogueBatchError(KnowledgeError):
    """The shipped catalogue was loaded by this batch."""

    def __init__(self, number: int) -> None:
        super().__init__(f"第 {number} 批是随程序发布的目录，不能撤回。要改其中一条，请直接修改那一条。")


class AccountError(KnowledgeError):
    """An account cannot be made or changed as asked; the message says why."""


class LoginError(KnowledgeError):
    """Name or password is wrong, or the account is disabled: which of them is not told."""

    def __init__(self) -> None:
        super().__init__("账号或密码不对。请检查大小写；忘记密码请找管理员重设。")


class ThrottledError(KnowledgeError):
    """Too many failed logins; ``minutes`` until the next try."""

    def __init__(self, minutes: int) -> None:
        self.minutes = minutes
        super().__init__(f"登录失败次数太多，请过 {minutes} 分钟再试。忘记密码请找管理员重设。")


class InputError(KnowledgeError):
    """Something a user typed cannot be taken; the message says what to change."""


class SearchUnavailableError(KnowledgeError):
    """The search engine cannot be reached or does not answer in time; everything else goes on."""

    what = "搜索引擎暂时连不上"

    def __init__(self, where: str, reason: str = "") -> None:
        self.where, self.reason = where, reason
        super().__init__(
            f"{self.what}，搜索和输入提示先停用。浏览、起草、体检、审核照常；改动已经存好，恢复后自动进入索引。"
            "请稍后再试，一直这样请告诉管理员。"
        )


class SearchRefusedError(SearchUnavailableError):
    """The search engine answers but does not do what it is asked: no permission, no disk left, a fault of ours."""

    what = "搜索引擎不接受请求"


class SettingsError(KnowledgeError):
    """A setting cannot be used; the message names it and says how to write it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"设置 {name}：{reason}。")


class SignOnError(KnowledgeError):
    """Somebody whom the single sign-on knows may not come in here; the message says why and who can help."""
