"""The page of an environment of one's own: what it is told, what is added to it, that it serves and stops."""

# /// facts
# args = "-u 1 -t 30s"
# shows = """
# locust.env.Environment(create_web_ui web_ui)
# locust.web.WebUI(app auth_args auth_required_if_enabled environment greenlet login_manager server start
# stats_csv_writer stop template_args update_template_args)
# locust.web.DEFAULT_CACHE_TIME locust.web.HOST_IS_REQUIRED
# locust.html.PERCENTILES_FOR_HTML_REPORT locust.html.get_html_report
# """
# ///

import gevent
import locust.web
import requests
from locust import User, constant, task
from locust.env import Environment
from locust.html import PERCENTILES_FOR_HTML_REPORT, get_html_report
from locust.web import DEFAULT_CACHE_TIME, HOST_IS_REQUIRED, WebUI


class Once(User):
    wait_time = constant(30)

    @task
    def once(self):
        environment = Environment(user_classes=[Once], locustfile="mine.py")
        environment.create_local_runner()
        page = environment.create_web_ui(host="127.0.0.1", port=0, delayed_start=True)
        told(environment, page)
        served(page)
        logged_in(environment)
        text = get_html_report(environment, show_download_link=False)
        print("fact", "<html" in text.lower(), PERCENTILES_FOR_HTML_REPORT)
        environment.runner.quit()
        self.environment.runner.quit()


def told(environment, page):
    print("fact", isinstance(page, WebUI), environment.web_ui is page, page.environment is environment)
    print("fact", type(page.app).__name__, type(page.stats_csv_writer).__name__, page.auth_args)
    print("fact", DEFAULT_CACHE_TIME, HOST_IS_REQUIRED)
    page.template_args["mine"] = 1
    page.update_template_args()
    print("fact", sorted(page.template_args))
    print("fact", page.template_args["locustfile"], page.template_args["is_host_required"])
    locust.web.HOST_IS_REQUIRED = True
    page.update_template_args()
    print("fact", page.template_args["is_host_required"], page.template_args["mine"])


def served(page):
    @page.app.route("/added")
    @page.auth_required_if_enabled
    def added():
        return "an answer"

    page.start()
    gevent.sleep(0.5)
    url = f"http://127.0.0.1:{page.server.server_port}"
    print("fact", page.server.server_port > 0, bool(page.greenlet))
    print("fact", requests.get(f"{url}/added").text, requests.get(f"{url}/stats/requests").json()["state"])
    page.stop()
    gevent.sleep(0.2)
    try:
        requests.get(url)
    except requests.ConnectionError:
        print("fact nobody listens any more")


def logged_in(environment):
    page = environment.create_web_ui(host="127.0.0.1", port=0, delayed_start=True, web_login=True)
    print("fact", type(page.login_manager).__name__)
