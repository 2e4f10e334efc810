"""Every link of every page leads somewhere."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest

from tests import world
from tests.crawling import Visit
from tests.templates import read

pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)


@pytest.mark.parametrize("identity", world.IDENTITIES)
def test_no_link_is_dead(client, session, now, identity):
    world.build(session, now)
    visit = Visit(client, session, identity)
    seen: dict[str, str] = {}
    for address in visit.pages():
        answer = client.get(address)
        if answer.mimetype != "text/html":
            continue
        elements = read(answer.text).elements
        names = {element.attributes.get("id") for element in elements}
        for element in elements:
            target = element.attributes.get("href", "")
            if element.tag == "a" and target.startswith("#"):
                assert target[1:] in names, f"{address}: {target}"
            elif element.tag == "a" and not urlsplit(target).scheme:
                seen.setdefault(urljoin(address, target).partition("#")[0], address)
    for target, address in seen.items():
        status = client.get(target).status_code
        assert status in (200, 303), f"{address} leads to {target}: {status}"
