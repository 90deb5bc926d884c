"""compose.yaml up and running under podman on this machine, as whoever has containers would have it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

from tests.walk.machines import WalkError

_FILE = Path(__file__).parents[2] / "docs" / "deploy" / "compose.yaml"
_NAME = "kbwalk"
_SEARCH = f"http://127.0.0.1:8000/api/v1/search?q={quote('修路')}"
_PATIENCE = 300


class Stack:
    """The containers; use it as a context, after which nothing of them stays."""

    def __init__(self, password: str) -> None:
        self._settings = os.environ | {"KB_PASSWORD": password}

    def __enter__(self) -> Stack:
        try:
            self._compose("up", "-d", "--build")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._compose("down", "-v", must=False)

    def answers(self) -> str:
        """The search, as soon as everything is up. Raises WalkError."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                with urllib.request.urlopen(_SEARCH, timeout=20) as answer:
                    return f"修路 finds {json.load(answer)['hits'][0]['name']}"
            except (OSError, urllib.error.URLError, ValueError) as error:
                if time.monotonic() > end:
                    log = subprocess.run(
                        ["podman", "logs", f"{_NAME}_kb_1"], capture_output=True, text=True, check=False
                    )
                    raise WalkError(f"never: {error}: {log.stderr[-2000:]}") from error
                time.sleep(1)

    def asked_while(self, victim: str) -> str:
        """Searches while a container is killed: none of them may fail. Raises WalkError."""
        seconds: list[float] = []
        failed: list[str] = []
        end = time.monotonic() + 45

        def ask() -> None:
            while time.monotonic() < end:
                begun = time.monotonic()
                try:
                    urllib.request.urlopen(_SEARCH, timeout=60).close()
                except OSError as error:
                    failed.append(str(error))
                seconds.append(time.monotonic() - begun)
                time.sleep(0.1)

        askers = [threading.Thread(target=ask) for _ in range(3)]
        for asker in askers:
            asker.start()
        time.sleep(5)
        self._podman("kill", f"{_NAME}_{victim}_1")
        for asker in askers:
            asker.join()
        if failed:
            raise WalkError(f"{len(failed)} of {len(seconds)} requests failed: {set(failed)}")
        return f"{len(seconds)} requests, none failed, the longest {max(seconds):.1f} s"

    def is_whole(self) -> str:
        """What ``kb check`` says in the program's container. Raises WalkError."""
        return self._podman("exec", f"{_NAME}_kb_1", "kb", "check").strip().splitlines()[-1]

    def _compose(self, *command: str, must: bool = True) -> None:
        self._run(["podman-compose", "-p", _NAME, "-f", str(_FILE), *command], must=must)

    def _podman(self, *command: str) -> str:
        return self._run(["podman", *command])

    def _run(self, command: list[str], *, must: bool = True) -> str:
        done = subprocess.run(command, env=self._settings, capture_output=True, text=True, check=False)
        if done.returncode and must:
            raise WalkError(f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout
