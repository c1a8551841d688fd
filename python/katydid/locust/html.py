"""What will the HTML report's file be called? The report itself is not part of this build."""

from typing import Any


def process_html_filename(options: Any) -> None:
    """Put users, spawn rate and run time into the file name's `{u}`, `{r}` and `{t}`."""
    if not options.html_file:
        return
    for mark, value in (("{u}", options.num_users), ("{r}", options.spawn_rate), ("{t}", options.run_time)):
        if value is not None:
            options.html_file = options.html_file.replace(mark, str(int(value)))
