"""A dispatcher by itself, and one of the locustfile's own in the run."""

# /// facts
# args = "-u 4 -r 2 -t 10s"
# shows = """
# locust.dispatch.UsersDispatcher(add_worker dispatch_in_progress dispatch_iteration_durations
# get_current_user_count new_dispatch remove_worker)
# locust.env.Environment(dispatcher_class) locust.runners.WorkerNode(user_count)
# """
# ///

from locust import User, constant, events, task
from locust.dispatch import UsersDispatcher
from locust.runners import WorkerNode


class Base(User):
    abstract = True
    wait_time = constant(0.2)

    @task
    def idle(self):
        if self.environment.runner.user_count == 4:
            self.environment.runner.quit()


class A(Base):
    weight = 1


class B(Base):
    weight = 2


class Loud(UsersDispatcher):
    def __init__(self, worker_nodes, user_classes):
        super().__init__(worker_nodes=worker_nodes, user_classes=user_classes)
        print("fact made", len(worker_nodes), sorted(kind.__name__ for kind in user_classes))

    def new_dispatch(self, target_user_count, spawn_rate, user_classes=None):
        print("fact new dispatch", target_user_count, spawn_rate, user_classes)
        super().new_dispatch(target_user_count, spawn_rate, user_classes)


@events.init.add_listener
def replace(environment, **kwargs):
    environment.dispatcher_class = Loud


@events.test_start.add_listener
def alone(environment, **kwargs):
    nodes = [WorkerNode(name) for name in ("h1_b", "h2_a", "h1_a")]
    fixed = type("F", (Base,), {"fixed_count": 2})
    dispatcher = UsersDispatcher(nodes, [A, B, fixed])
    print("fact", dispatcher.get_current_user_count(), dispatcher.dispatch_in_progress)
    dispatcher.new_dispatch(7, 1000)
    for step in dispatcher:
        print("fact up", sorted(step.items()), dispatcher.dispatch_in_progress)
    print(
        "fact", dispatcher.get_current_user_count(), isinstance(dispatcher.dispatch_iteration_durations, list)
    )
    dispatcher.remove_worker(nodes[0])
    dispatcher.new_dispatch(7, 1000)
    print("fact without one", [sum(counts.values()) for counts in list(dispatcher)[-1].values()])
    dispatcher.add_worker(WorkerNode("h3_a"))
    dispatcher.new_dispatch(7, 1000)
    print("fact with another", sorted(list(dispatcher)[-1]))
    dispatcher.new_dispatch(2, 1000)
    print("fact down", sorted(list(dispatcher)[-1].items()), nodes[0].user_count)
