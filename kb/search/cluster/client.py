"""Requests to an OpenSearch cluster: other nodes tried, retried with growing pauses, given up in time.

The only module that knows opensearch-py and tenacity.
"""

from __future__ import annotations

import logging
import time
import warnings
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from opensearchpy import OpenSearch, exceptions
from opensearchpy.serializer import Serializer
from tenacity import RetryError, Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from kb.errors import SearchRefusedError, SearchUnavailableError
from kb.search.cluster.address import Address
from kb.search.cluster.breaker import Breaker

Body = Mapping[str, Any]

_BUSY = frozenset({429, 502, 503, 504})  # states that pass
_BROKEN = (
    "node_disconnected",
    "node_not_connected",
    "connect_transport",
    "no_shard_available",
    "node_closed",
)
"""What a 500 says where another node was lost in the middle of a request: that passes too."""

_IGNORED = frozenset({200, 201, 404, 409})  # of a bulk item: done, gone already, or overtaken by a newer one
SLOW = 60.0
"""Seconds that work on indexes as a whole may take."""

_SCAN = 2000
_POOL = 16  # connections per node that are kept
_SILENCE = (
    60.0  # seconds for which the same refusal is not logged again: the outbox asks several times a second
)

_log = logging.getLogger(__name__)
logging.getLogger("opensearch").setLevel(logging.ERROR)


class IndexGoneError(SearchRefusedError):
    """The index is not there any more: a newer version has taken its place, or somebody removed it."""


class Client:
    """A cluster as we ask it. Threads may share it; nothing is connected before the first request."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.breaker = Breaker()
        self._silent_until: dict[str, float] = {}
        tls: dict[str, Any] = {"use_ssl": True, "verify_certs": address.verify} if address.secure else {}
        if address.secure and address.ca:
            tls["ca_certs"] = address.ca
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about verify=no, which somebody wrote into the settings
            self._client = OpenSearch(
                [{"host": host, "port": port} for host, port in address.hosts],
                headers=_account(address),
                timeout=address.timeout,
                max_retries=len(address.hosts),
                retry_on_timeout=len(address.hosts) > 1,
                retry_on_status=_BUSY,
                http_compress=False,
                pool_maxsize=_POOL,
                serializer=_Json(),
                **tls,
            )

    def get(self, path: str, **params: Any) -> Any:
        """Answer to a GET; None where there is no such thing."""
        return self.call("GET", path, params=params)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        patience: float | None = None,
        check: Callable[[Any], None] | None = None,
    ) -> Any:
        """The cluster's answer; None for 404. ``timeout`` is for one try, ``patience`` for all.

        ``check`` looks at each answer and raises PassingError where it is not whole.

        Raises SearchUnavailableError where the cluster cannot be reached or is too busy, and its
        SearchRefusedError where it turns us away.
        """
        if not self.breaker.allows():
            raise SearchUnavailableError(self.address.shown)
        limit = patience or self.address.patience
        retrying = Retrying(
            retry=retry_if_exception(_passes),
            wait=wait_random_exponential(multiplier=0.05, max=1.0),
            stop=stop_after_delay(limit),
        )
        try:
            answer = retrying(self._once, method, path, body, dict(params or {}), timeout, check)
        except RetryError as error:
            self.breaker.failed()
            raise SearchUnavailableError(
                self.address.shown, str(error.last_attempt.exception())[:200]
            ) from error
        except exceptions.TransportError as error:
            self.breaker.succeeded()
            return self._refused(error)
        self.breaker.succeeded()
        return answer

    def arrange(self, method: str, path: str, body: Any = None) -> Any:
        """A request about indexes as a whole, which may take its time. Answers as ``call``."""
        return self.call(method, path, body, timeout=SLOW, patience=SLOW)

    def _once(
        self,
        method: str,
        path: str,
        body: Any,
        params: dict[str, Any],
        timeout: float | None,
        check: Callable[[Any], None] | None,
    ) -> Any:
        wanted = {**params, "request_timeout": timeout or self.address.timeout}
        answer = self._client.transport.perform_request(method, path, params=wanted, body=body)
        if check is not None:
            check(answer)
        return answer

    def _refused(self, error: exceptions.TransportError) -> None:
        """None for what is not there. Raises SearchRefusedError for everything else."""
        if error.status_code == 404:
            return
        if error.status_code == 401:
            raise self.refused("不接受 KB_SEARCH 里的账号或密码") from error
        if "security" in str(error.error):
            raise self.refused(f"KB_SEARCH 里的账号没有权限（{_reason(error.info)[:300]}）") from error
        if isinstance(error, exceptions.SSLError):
            raise self.refused(
                f"集群的证书不可信，签发机构的证书写在 KB_SEARCH 的 ca= 里（{error.error}）"
            ) from error
        raise self.refused(f"{error.status_code} {error.error}: {str(error.info)[:500]}") from error

    def refused(self, reason: str) -> SearchRefusedError:
        """The error for a request that the cluster does not want; it is logged once a while, users are told less."""
        now = time.monotonic()
        if now >= self._silent_until.get(reason, 0.0):
            self._silent_until = {reason: now + _SILENCE}
            _log.warning("%s: %s", self.address.shown, reason)
        return SearchRefusedError(self.address.shown, reason)

    def search(self, index: str, body: Body) -> Any:
        """One search, whole or not at all: an answer without some shards would be a wrong one.

        Raises IndexGoneError where the index was replaced and removed meanwhile; so do the next two.
        """
        answer = self.call("POST", f"/{index}/_search", body, {"allow_partial_search_results": "false"})
        return self._there(index, answer)

    def search_all(self, index: str, bodies: Sequence[Body]) -> list[Any]:
        """Several searches in one request."""
        lines: list[Body] = []
        for body in bodies:
            lines += [{"allow_partial_search_results": False}, body]
        found = self.call("POST", f"/{index}/_msearch", _lines(lines), check=_whole("responses"))
        answer = self._there(index, found)
        for part in answer["responses"]:
            if part.get("status") == 404:
                raise IndexGoneError(self.address.shown, index)
            if "error" in part:
                raise self.refused(str(part["error"])[:500])
        return list(answer["responses"])

    def records(self, index: str, ids: Sequence[str]) -> list[Any]:
        """Records by id (``_id``, ``_version``, ``_source``), without those that are not there."""
        if not ids:
            return []
        wanted = {"ids": list(ids)}
        answer = self.call("POST", f"/{index}/_mget", wanted, {"realtime": "false"}, check=_whole("docs"))
        found = self._there(index, answer)["docs"]
        if any("index_not_found" in str(d.get("error")) for d in found):
            raise IndexGoneError(self.address.shown, index)
        return [d for d in found if d.get("found")]

    def _there(self, index: str, answer: Any) -> Any:
        if answer is None:
            raise IndexGoneError(self.address.shown, index)
        return answer

    def write(
        self, index: str, actions: Iterable[Body], patience: float | None = None, alias: bool = False
    ) -> None:
        """Bulk actions in one request; items that the cluster was too busy for are sent again.

        An item overtaken by a newer version, or deleted already, is done. With ``alias`` the name must
        be one: a cluster makes up any index that is written to and not there.
        """
        waiting, limit = list(actions), patience or self.address.patience
        retrying = Retrying(
            wait=wait_random_exponential(multiplier=0.1, max=2.0),
            stop=stop_after_delay(limit),
            retry=retry_if_exception(lambda error: isinstance(error, _SomeWaitError)),
        )
        try:
            retrying(self._write_once, index, waiting, limit, alias)
        except RetryError as error:
            raise SearchUnavailableError(self.address.shown, "批量写入没有完成") from error

    def _write_once(self, index: str, waiting: list[Body], patience: float, alias: bool) -> None:
        """Send what waits and take out what is done. Raises _SomeWaitError where something is left."""
        if not waiting:
            return
        must = {"require_alias": "true" if alias else "false"}
        answer = self._there(
            index,
            self.call("POST", f"/{index}/_bulk", _lines(waiting), must, timeout=patience, patience=patience),
        )
        left: list[Body] = []
        place = 0
        for item in answer["items"]:
            (verb, result), *_ = item.items()
            size = 1 if verb == "delete" else 2
            if _is_passing(result["status"], result.get("error")):
                left += waiting[place : place + size]
            elif "index_not_found" in str(result.get("error")):
                raise IndexGoneError(self.address.shown, index)
            elif result["status"] not in _IGNORED:
                raise self.refused(str(result.get("error"))[:500])
            place += size
        waiting[:] = left
        if left:
            raise _SomeWaitError

    def scan(self, index: str, fields: Sequence[str]) -> Iterator[Any]:
        """Every record of an index with these columns (``fields``), in order of id."""
        after: list[Any] | None = None
        while True:
            body: dict[str, Any] = {
                "size": _SCAN,
                "stored_fields": "_none_",
                "docvalue_fields": list(fields),
                "sort": [{"id": "asc"}],
                "track_total_hits": False,
            }
            if after is not None:
                body["search_after"] = after
            answer = self.search(index, body)
            hits = answer["hits"]["hits"] if answer else []
            yield from hits
            if len(hits) < _SCAN:
                return
            after = hits[-1]["sort"]

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


class PassingError(Exception):
    """A part of an answer is missing for now."""


class _SomeWaitError(Exception):
    """Some items of a bulk request were turned away for now."""


class _Json(Serializer):
    """JSON by msgspec, several times faster than the standard library's."""

    mimetype = "application/json"

    def loads(self, s: str) -> Any:
        return msgspec.json.decode(s)

    def dumps(self, data: Any) -> Any:
        return data if isinstance(data, str) else msgspec.json.encode(data).decode()


def _reason(answer: Any) -> str:
    """What the cluster gives as the reason of an error; the whole answer where it is of another form."""
    error = answer.get("error") if isinstance(answer, dict) else None
    return str(error.get("reason") if isinstance(error, dict) else answer)


def _account(address: Address) -> dict[str, str]:
    """The header that names the account; the client's own would take Latin letters only."""
    if not address.user:
        return {}
    named = f"{address.user}:{address.password}".encode()
    return {"authorization": f"Basic {b64encode(named).decode()}"}


def _lines(bodies: Iterable[Body]) -> str:
    return b"".join(msgspec.json.encode(body) + b"\n" for body in bodies).decode()


def _whole(parts: str) -> Callable[[Any], None]:
    """A check that no part of an answer failed for a reason that passes."""

    def check(answer: Any) -> None:
        for part in answer.get(parts, ()):
            if "error" in part and _is_passing(part.get("status", 500), part["error"]):
                raise PassingError(str(part["error"])[:200])

    return check


def _is_passing(status: int | str, error: Any) -> bool:
    return status in _BUSY or (status == 500 and any(word in str(error) for word in _BROKEN))


def _passes(error: BaseException) -> bool:
    """True for what may go better a moment later."""
    if isinstance(error, PassingError):
        return True
    if isinstance(error, exceptions.ConnectionError):  # timeouts are of this class too
        return not isinstance(error, exceptions.SSLError)
    return isinstance(error, exceptions.TransportError) and _is_passing(error.status_code, error.info)
