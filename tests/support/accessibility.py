"""What axe finds on a page that keeps people from using it."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe

from tests.support.window import App

# Of axe's experimental rules: a button must be called by the words that it shows. Without ``resultTypes`` axe
# also describes every element that follows a rule, in megabytes.
ALL_RULES = {"rules": {"label-content-name-mismatch": {"enabled": True}}, "resultTypes": ["violations"]}
# All that another colour scheme may break: the elements are the same.
COLOUR_RULES = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}


def violations(app: App, options: dict[str, Any]) -> list[str]:
    """What axe calls critical or serious: the rule and the elements that break it."""
    found: list[dict[str, Any]] = Axe().run(app.page, options=options).response["violations"]
    return [
        f"{rule['impact']} {rule['id']}: {[node['target'] for node in rule['nodes']][:5]}"
        for rule in found
        if rule["impact"] in ("critical", "serious")
    ]
