"""What belongs to one run? The environment: users, options, hooks, statistics, and the runner."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from .dispatch import UsersDispatcher
from .event import Events
from .exception import RunnerAlreadyExistsError
from .runners import LocalRunner, MasterRunner, Runner, WorkerRunner
from .shape import LoadTestShape
from .stats import RequestStats
from .user import TaskSet, User
from .user.task import filter_tasks_by_tags

if TYPE_CHECKING:
    from katydid.results.files import StatsCSV

    from .web import WebUI

RunnerType = TypeVar("RunnerType", bound=Runner)


class Environment:
    """One run and everything that it needs to know.

    Raises:
        ValueError: two user classes have the same name, all classes have weight zero, or the shape is none.
    """

    def __init__(
        self,
        *,
        user_classes: list[type[User]] | None = None,
        shape_class: LoadTestShape | None = None,
        tags: list[str] | None = None,
        locustfile: str | None = None,
        exclude_tags: list[str] | None = None,
        events: Events | None = None,
        host: str | None = None,
        reset_stats: bool = False,
        stop_timeout: float | None = None,
        catch_exceptions: bool = True,
        parsed_options: Namespace | None = None,
        parsed_locustfiles: list[str] | None = None,
        available_user_classes: dict[str, type[User]] | None = None,
        available_shape_classes: dict[str, LoadTestShape] | None = None,
        available_user_tasks: dict[str, list[TaskSet | Callable[..., None]]] | None = None,
        dispatcher_class: type[UsersDispatcher] = UsersDispatcher,
        profile: str | None = None,
    ) -> None:
        self.runner: Runner | None = None
        """The runner, once one is created."""
        self.web_ui: WebUI | None = None
        """The web page; None without one."""
        self.process_exit_code: int | None = None
        """If set, the exit code of the process."""
        self.events = events or Events()
        """The hooks of this run."""
        self.locustfile = locustfile
        """The locustfile's name, for reports."""
        self.user_classes: list[type[User]] = user_classes or []
        """The classes of users to run."""
        self.shape_class = shape_class
        """The load shape (an instance) that the run follows."""
        self.tags = tags
        """If set, only tasks with one of these tags run."""
        self.exclude_tags = exclude_tags
        """If set, no task with one of these tags runs."""
        self._stats = RequestStats()
        self.host = host
        """If set, the host of all user classes."""
        self.reset_stats = reset_stats
        """Whether to forget what was measured while users were being spawned."""
        self.profile = profile
        """A name for this kind of run."""
        self.stop_timeout: float = stop_timeout or 0.0
        """Seconds that users have to finish their task when they are stopped."""
        self.catch_exceptions = catch_exceptions
        """Whether a task's exception is logged and the user goes on."""
        self.parsed_options = parsed_options
        """The options of the command."""
        self.parsed_locustfiles = parsed_locustfiles
        """The locustfiles' paths."""
        self.available_user_classes = available_user_classes
        """All user classes, also those not chosen, by name."""
        self.available_shape_classes = available_shape_classes
        """All shapes by name."""
        self.available_user_tasks = available_user_tasks
        """The tasks of all user classes by name."""
        self.dispatcher_class = dispatcher_class
        """Decides how many users of which class come and go when."""
        self.worker_logs: dict[str, list[str]] = {}
        """The log of each worker."""

        self._user_settings: list[dict[str, Any]] = []
        self._tasks_filtered = False
        self._remove_user_classes_with_weight_zero()
        self._validate_user_class_name_uniqueness()
        self._validate_shape_class_instance()

    @property
    def stats(self) -> RequestStats:
        """What was measured. Others can be assigned; requests are then recorded there."""
        return self._stats

    @stats.setter
    def stats(self, stats: RequestStats) -> None:
        self._stats = stats
        if self.runner is not None:
            self.runner.record_anew()

    def _create_runner(self, runner_class: type[RunnerType], *args: Any, **kwargs: Any) -> RunnerType:
        if self.runner is not None:
            raise RunnerAlreadyExistsError(f"this environment already has a {type(self.runner).__name__}")
        runner = runner_class(self, *args, **kwargs)
        self.runner = runner
        if self.shape_class:
            self.shape_class.runner = runner
        return runner

    def create_local_runner(self) -> LocalRunner:
        """The runner of a test in one process.

        Raises:
            RunnerAlreadyExistsError: there is a runner already.
        """
        return self._create_runner(LocalRunner)

    def create_master_runner(self, master_bind_host: str = "", master_bind_port: int = 5557) -> MasterRunner:
        """The runner of a master, which listens from now on. Port 0 takes a free one: `runner.server.port`.

        Without a host it listens on this machine alone, or everywhere if there is a cluster key; `*` is
        everywhere.

        Raises:
            RunnerAlreadyExistsError: there is a runner already.
            OSError: it cannot listen there.
        """
        return self._create_runner(MasterRunner, master_bind_host, master_bind_port)

    def create_worker_runner(self, master_host: str, master_port: int) -> WorkerRunner:
        """The runner of a worker. Returns when its master has answered.

        Raises:
            RunnerAlreadyExistsError: there is a runner already.
            ConnectionError: no master has answered for too long.
        """
        if self.runner is None:
            self.stats = RequestStats(use_response_times_cache=False)
        return self._create_runner(WorkerRunner, master_host, master_port)

    def create_web_ui(
        self,
        host: str = "",
        port: int = 8089,
        web_base_path: str | None = None,
        web_login: bool = False,
        tls_cert: str | None = None,
        tls_key: str | None = None,
        stats_csv_writer: StatsCSV | None = None,
        delayed_start: bool = False,
        userclass_picker_is_active: bool = False,
        build_path: str | None = None,
    ) -> WebUI:
        """The page, which listens from now on unless its start is delayed. See `WebUI` for the arguments.

        Raises:
            OSError: it cannot listen there.
        """
        from .web import WebUI

        self.web_ui = WebUI(
            self,
            host,
            port,
            web_base_path,
            web_login=web_login,
            tls_cert=tls_cert,
            tls_key=tls_key,
            stats_csv_writer=stats_csv_writer,
            delayed_start=delayed_start,
            userclass_picker_is_active=userclass_picker_is_active,
            build_path=build_path,
        )
        return self.web_ui

    @property
    def user_classes_by_name(self) -> dict[str, type[User]]:
        """The classes of users to run, by name."""
        return {cls.__name__: cls for cls in self.user_classes}

    def update_user_class(self, user_settings: dict[str, Any]) -> None:
        """Set attributes of a class, and which of its tasks it keeps. A master tells its workers.

        Raises:
            KeyError: no class has the name `user_class_name`.
        """
        settings = dict(user_settings)
        name = settings.pop("user_class_name")
        user_class = (self.available_user_classes or self.user_classes_by_name)[name]
        for attribute, value in settings.items():
            if attribute == "tasks":
                value = [task for task in self._all_tasks(user_class) if task.__name__ in value]
            setattr(user_class, attribute, value)
        self._user_settings.append(user_settings)
        if isinstance(self.runner, MasterRunner):
            self.runner.send_message("update_user_class", user_settings)

    def _all_tasks(self, user_class: type[User]) -> list[Any]:
        if self.available_user_tasks is None:
            return user_class.tasks
        return list(self.available_user_tasks[user_class.__name__])

    def update_worker_logs(self, worker_log_report: dict[str, Any]) -> None:
        """Keep what a worker logged."""
        if worker_log_report.get("worker_id"):
            self.worker_logs[worker_log_report["worker_id"]] = worker_log_report.get("logs", [])

    def assign_equal_weights(self) -> None:
        """Give all classes and all tasks the same weight; tasks of nested sets become the user's own."""
        for user_class in self.user_classes:
            user_class.weight = 1
            user_class.tasks = _distinct_tasks(user_class.tasks)

    def _filter_tasks_by_tags(self) -> None:
        """Drop the tasks that the tags leave out, once."""
        if self._tasks_filtered:
            return
        self._tasks_filtered = True
        tags = self._tags("tags")
        exclude_tags = self._tags("exclude_tags")
        if tags is None and exclude_tags is None:
            return
        for user_class in self.user_classes:
            filter_tasks_by_tags(user_class, tags, exclude_tags)

    def _tags(self, attribute: str) -> set[str] | None:
        tags = getattr(self, attribute)
        if tags is None:
            tags = getattr(self.parsed_options, attribute, None)
        return set(tags) if tags else None

    def _remove_user_classes_with_weight_zero(self) -> None:
        if not self.user_classes:
            return
        kept = [cls for cls in self.user_classes if cls.weight != 0 or cls.fixed_count != 0]
        if not kept:
            raise ValueError("all user classes have weight 0: there is nobody to run")
        self.user_classes[:] = kept

    def _validate_user_class_name_uniqueness(self) -> None:
        counts = Counter(cls.__name__ for cls in self.user_classes)
        twice = [cls.fullname() for cls in self.user_classes if counts[cls.__name__] > 1]
        if twice:
            raise ValueError(f"user classes need different names, these share one: {', '.join(twice)}")

    def _validate_shape_class_instance(self) -> None:
        if self.shape_class is not None and not isinstance(self.shape_class, LoadTestShape):
            raise ValueError(
                f"shape_class must be an instance of LoadTestShape or of a subclass, not {self.shape_class!r}"
            )


def _distinct_tasks(tasks: list[Any]) -> list[Any]:
    """Each task once, with the tasks of TaskSets in place of the sets."""
    distinct: dict[Any, None] = {}
    for member in tasks:
        inner = getattr(member, "tasks", None)
        distinct.update(dict.fromkeys(_distinct_tasks(inner) if inner else [member]))
    return list(distinct)
