"""What axe finds on a page that keeps people from using it."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

from tests.support.pages.window import App

# Of axe's experimental rules: a button must be called by the words that it shows. What breaks ``region`` is
# moderate, and the rule takes a fifth of the time. Without ``resultTypes`` axe also describes every element
# that follows a rule, in megabytes.
ALL_RULES = {
    "rules": {"label-content-name-mismatch": {"enabled": True}, "region": {"enabled": False}},
    "resultTypes": ["violations"],
}
# All that another colour scheme may break: the elements are the same.
COLOUR_RULES = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}


def violations(app: App, options: dict[str, Any]) -> list[str]:
    """What axe calls critical or serious: the rule and the elements that break it."""
    if app.page.evaluate("!window.axe"):
        app.page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = app.page.evaluate("options => axe.run(options)", options)["violations"]
    return [
        f"{rule['impact']} {rule['id']}: {[node['target'] for node in rule['nodes']][:5]}"
        for rule in found
        if rule["impact"] in ("critical", "serious")
    ]
