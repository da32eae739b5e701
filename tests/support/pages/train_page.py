"""The page Train in the words of a user."""

from streamlit.testing.v1 import AppTest

from tests.support.pages.looking import as_read


def start(page: AppTest) -> bool:
    """Whether Start can be pressed."""
    return not page.button(key="train_start").disabled


def messages(page: AppTest) -> str:
    """All errors, warnings and notes; the page has raised nothing."""
    assert not page.exception
    return " ".join(as_read(each.value) for each in (*page.error, *page.warning, *page.info))


def metrics(page: AppTest) -> dict[str, str]:
    """The numbers that stand out, by their labels."""
    assert not page.exception
    return {each.label: each.value for each in page.metric}
