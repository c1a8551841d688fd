import sys

from observing import IS_OURS, finish, make_environment, step

from locust.contrib.mongodb import MongoDBClient, MongoDBUser
from pymongo import MongoClient


class Reader(MongoDBUser):
    conn_string = f"mongodb://127.0.0.1:{sys.argv[1]}/?serverSelectionTimeoutMS=2000"
    db_name = "shop"


environment = make_environment()
reader = Reader(environment)
step(
    "what it is",
    lambda: isinstance(reader.client, MongoDBClient) and isinstance(reader.client, MongoClient),
    value=True,
)
step("find", lambda: reader.client.execute_query("things", {"a": 1}))
step("no mapping", lambda: reader.client.execute_query("things", "a text"))
if IS_OURS:
    step("refused by the server", lambda: reader.client.execute_query("forbidden", {}))
step("stop", reader.on_stop)
step("nothing said", lambda: MongoDBUser(environment))
if IS_OURS:
    nowhere = MongoDBClient("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100", "shop")
    step("nobody there", lambda: nowhere.execute_query("things", {}))
finish()
