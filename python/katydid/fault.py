"""Where in the user's own code did it go wrong?"""

import os
import sysconfig
import traceback
from types import TracebackType

from greenlet import GreenletExit

_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
_LIBRARY_FOLDERS = tuple(
    folder + os.sep for folder in {sysconfig.get_path("stdlib"), sysconfig.get_path("purelib")} if folder
)


def place_of(fault: BaseException) -> str:
    """`file:line` of the innermost call in code that is neither ours nor a library's."""
    if isinstance(fault, SyntaxError) and fault.filename:
        return f"{fault.filename}:{fault.lineno}"
    frames = traceback.extract_tb(fault.__traceback__)
    theirs = [frame for frame in frames if not _is_foreign(frame.filename)] or list(frames)
    return f"{theirs[-1].filename}:{theirs[-1].lineno}" if theirs else "unknown place"


def story_of(fault: BaseException) -> str:
    """The traceback from the first call outside this package on, so that it begins in the user's code."""
    trace = _beyond_ours(fault.__traceback__)
    if trace is None and not isinstance(fault, SyntaxError):
        trace = fault.__traceback__
    is_chained = not isinstance(fault.__context__, GreenletExit)
    return "".join(traceback.format_exception(type(fault), fault, trace, chain=is_chained)).rstrip()


def _beyond_ours(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and _is_ours(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _is_ours(filename: str) -> bool:
    return filename.startswith((_OWN_FOLDER, "<frozen "))


def _is_foreign(filename: str) -> bool:
    return _is_ours(filename) or filename.startswith(_LIBRARY_FOLDERS) or "src/gevent/" in filename
