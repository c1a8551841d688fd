import sys

from observing import IS_OURS, finish, make_environment, step

from locust.contrib.postgres import PostgresClient, PostgresUser


class Clerk(PostgresUser):
    conn_string = sys.argv[1]


class Nowhere(PostgresUser):
    conn_string = "postgresql://nobody@127.0.0.1:1/nothing"


environment = make_environment()
clerk = Clerk(environment)
step("what it is", lambda: isinstance(clerk.client, PostgresClient), value=True)
step("constant", lambda: clerk.client.execute_query("select 1, 'abc'"))
step("create", lambda: clerk.client.execute_query("create temporary table t (a int)"))
step("insert", lambda: clerk.client.execute_query("insert into t values (1), (2)"))
step("select", lambda: clerk.client.execute_query("select * from t"))
step("mistake", lambda: clerk.client.execute_query("selec 1"))
step("after a mistake", lambda: clerk.client.execute_query("select 1"))
step("rollback", lambda: clerk.client.connection.rollback())
step("after the rollback", lambda: clerk.client.execute_query("select 1"))
step("no query", lambda: clerk.client.execute_query(None))
step("stop", clerk.on_stop)
step("after the stop", lambda: clerk.client.execute_query("select 1"))
other = PostgresClient(Clerk.conn_string)
step("close", other.close)
step("after the end", lambda: other.execute_query("select 1"))
step("nobody there", lambda: Nowhere(environment))
step("nothing said", lambda: PostgresUser(environment))
if IS_OURS:
    measured = Clerk(environment)
    step("slow", lambda: measured.client.execute_query("select pg_sleep(0.01)"))
finish()
