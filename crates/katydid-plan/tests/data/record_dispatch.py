"""Records what stock Locust's UsersDispatcher yields, as `dispatch.json` beside this file.

Run with a Python that has stock Locust: `python record_dispatch.py > dispatch.json`. The cases are drawn from
a seed, so a second run gives the same file. Pauses are recorded instead of slept.
"""

import json
import random

import gevent
from locust import User
from locust.dispatch import UsersDispatcher
from locust.runners import WorkerNode


def user_class(name, weight, fixed_count):
    return type(name, (User,), {"weight": weight, "fixed_count": fixed_count})


def record(dispatcher, steps, pauses, interrupt=None):
    for index, distribution in enumerate(dispatcher):
        steps.extend(pauses)
        pauses.clear()
        steps.append({worker: dict(counts) for worker, counts in distribution.items()})
        if interrupt and index == interrupt[0]:
            interrupt[1]()
    steps.extend(pauses)
    pauses.clear()


def case(rng):
    names = rng.sample("ABCDEFGH", rng.randint(1, 5))
    weights = [rng.choice([1, 1, 1, 2, 3, 5, 10, 0.5, 1.5, 0]) for _ in names]
    fixed = [rng.choice([0, 0, 0, 1, 2, 5]) for _ in names]
    classes = {n: user_class(n, w, f) for n, w, f in zip(names, weights, fixed, strict=True)}
    all_workers = [f"h{rng.randint(1, 3)}_{suffix}" for suffix in rng.sample("abcdefghij", rng.randint(1, 5))]
    workers = list(dict.fromkeys(all_workers))
    nodes = {w: WorkerNode(w) for w in workers}
    dispatcher = UsersDispatcher(list(nodes.values()), list(classes.values()))
    pauses = []
    gevent.sleep = lambda seconds=0: pauses.append(round(dispatcher._wait_between_dispatch, 6))
    operations = []
    for _ in range(rng.randint(1, 6)):
        operation = {
            "users": rng.choice([0, 1, 2, 3, 7, 10, 20, 33]),
            "rate": rng.choice([0.5, 1, 2, 2.4, 5, 10, 100]),
            "classes": None,
            "interrupt": None,
            "steps": [],
        }
        if rng.random() < 0.2:
            operation["classes"] = rng.sample(names, rng.randint(1, len(names)))
        chosen = operation["classes"] and [classes[n] for n in operation["classes"]]
        dispatcher.new_dispatch(operation["users"], operation["rate"], chosen)
        interrupt = None
        if rng.random() < 0.3:
            after = rng.randint(0, 3)
            if rng.random() < 0.5 or len(nodes) < 2:
                worker = f"h{rng.randint(1, 4)}_{rng.choice('klmnopqrstuvwxyz')}{len(operations)}"
                nodes[worker] = WorkerNode(worker)
                operation["interrupt"] = {"after": after, "add": worker}
                interrupt = (after, lambda w=worker: dispatcher.add_worker(nodes[w]))
            else:
                worker = rng.choice(sorted(nodes))
                operation["interrupt"] = {"after": after, "remove": worker}
                node = nodes[worker]
                interrupt = (after, lambda node=node: dispatcher.remove_worker(node))
        record(dispatcher, operation["steps"], pauses, interrupt)
        if operation["interrupt"]:
            dispatches = sum(isinstance(step, dict) for step in operation["steps"])
            happened = dispatches > operation["interrupt"]["after"]
            if not happened:
                operation["interrupt"] = None
            elif "remove" in operation["interrupt"]:
                del nodes[operation["interrupt"]["remove"]]
        operations.append(operation)
    return {
        "workers": workers,
        "classes": [
            {"name": n, "weight": w, "fixed_count": f} for n, w, f in zip(names, weights, fixed, strict=True)
        ],
        "operations": operations,
    }


if __name__ == "__main__":
    rng = random.Random(20250601)
    print("[" + ",\n".join(json.dumps(case(rng), separators=(",", ":")) for _ in range(80)) + "]")
