"""A page that is watched: whatever a person would never notice but should not happen."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Request

# Runs before the page's own scripts: shifts of the layout without a touch, refusals of the CSP.
WATCH = """
window.watched = {shift: 0, shifted: [], refused: []};
document.addEventListener('securitypolicyviolation', event => {
  watched.refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    if (!entry.hadRecentInput) {
      watched.shift += entry.value;
      for (const source of entry.sources) {
        const node = source.node;
        watched.shifted.push(node ? `${node.nodeName}.${node.className}` : '?');
      }
    }
  }
}).observe({type: 'layout-shift', buffered: true});
"""

# On a busy machine a page arrives in pieces, and a line may settle by a pixel or two; a fifth of
# what counts as good.
SHIFT = 0.02

RUN_AXE = """
async rules => {
  const wanted = rules.length ? {runOnly: {type: 'rule', values: rules}} : {};
  const result = await axe.run(document, {resultTypes: ['violations'], ...wanted});
  return result.violations.flatMap(rule => rule.nodes.map(node =>
    `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary.replaceAll('\\n', ' ')}`));
}
"""


class Watched:
    """Collects what goes wrong on a page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.add_init_script(WATCH)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("request", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        # A refusal with 4xx is an answer; Chromium writes it to the console as an error.
        expected = "status of 409" in message.text or "status of 422" in message.text
        if message.type in ("error", "warning") and not expected:
            self.complaints.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:", "about:")):
            self.complaints.append(f"asked outside: {request.url}")

    def faults(self) -> list[str]:
        """Return complaints so far, refusals of the CSP and layout shifts of the page shown now."""
        seen: dict[str, Any] = self.page.evaluate("window.watched")
        found = [*self.complaints, *(f"refused: {one}" for one in seen["refused"])]
        if seen["shift"] > SHIFT:
            found.append(f"layout shift {seen['shift']:.3f}: {sorted(set(seen['shifted']))}")
        self.complaints.clear()
        return found


@cache
def _axe_source() -> str:
    return (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")


def axe(page: Page, *rules: str) -> list[str]:
    """Return one line for each accessibility fault that axe-core sees, by all rules or these."""
    # Through the debugger, which the page's content policy does not bind.
    page.evaluate(_axe_source())
    found: list[str] = page.evaluate(RUN_AXE, list(rules))
    return found


def overflow(page: Page) -> list[str]:
    """Return what makes the page wider than the screen."""
    wider: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll('body *')]
          .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
          .map(one => `wider than the screen: ${one.nodeName}.${one.className}`).slice(0, 5)"""
    )
    return wider
