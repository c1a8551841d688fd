"""How does a run become a report, with Locust's names for it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .env import Environment

PERCENTILES_FOR_HTML_REPORT = [0.50, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0]
"""Kept for those who assign it: our report has all percentiles to choose from."""


def get_html_report(environment: Environment, show_download_link: bool = True, theme: str = "") -> str:
    """The run as a page that needs nothing else.

    Args:
        environment: the run.
        show_download_link: offer to save the page.
        theme: `light`, `dark`, or empty for what the reader's system prefers.

    Raises:
        katydid.control.page.NotBuilt: this build of katydid has no page.
    """
    from katydid.control.report import as_html, report_data

    return as_html(report_data(environment, show_download_link, theme))


def process_html_filename(options: Any) -> None:
    """Put users, spawn rate and run time into the file name's `{u}`, `{r}` and `{t}`."""
    if not options.html_file:
        return
    for mark, value in (("{u}", options.num_users), ("{r}", options.spawn_rate), ("{t}", options.run_time)):
        if value is not None:
            options.html_file = options.html_file.replace(mark, str(int(value)))
