"""Loading a file as a browser does: upload, wait, confirm."""

from __future__ import annotations

import io
import re
import time

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.conftest import token_of


def settled(client: FlaskClient, address: str) -> TestResponse:
    """The page of an upload once nobody works on it any more; redirects are followed."""
    for _ in range(300):
        page = client.get(address, follow_redirects=True)
        if 'id="working"' not in page.text:
            return page
        time.sleep(0.1)
    raise AssertionError("the upload is still being worked on")


def sent(client: FlaskClient, name: str, data: bytes, **fields: str) -> TestResponse:
    """Upload a file and go on to its preview; what says why there is none is given as it is."""
    form = {
        "form_token": token_of(client.get("/admin/import")),
        "file": (io.BytesIO(data), name),
        "kind": "auto",
        "set": "",
    }
    answer = client.post("/admin/import", data={**form, **fields}, content_type="multipart/form-data")
    return settled(client, answer.location) if answer.status_code == 303 else answer


def post(client: FlaskClient, page: TestResponse, deed: str, **fields: str) -> TestResponse:
    """Send a form of an upload's page and wait for what it leads to."""
    form = {"form_token": token_of(page), **fields}
    answer = client.post(f"{page.request.path}/{deed}", data=form)
    assert answer.status_code == 303, answer.text[:500]
    return settled(client, answer.location)


def confirmed(client: FlaskClient, page: TestResponse, **fields: str) -> TestResponse:
    """Confirm the plan that a preview shows."""
    mark = re.search(r'name="fingerprint" value="([0-9a-f]+)"', page.text)
    assert mark, page.text[:500]
    return post(client, page, "commit", fingerprint=mark[1], **fields)
