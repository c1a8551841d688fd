"""A suite with a login: a cookie says who one is."""

from flask import redirect, session, url_for
from flask_login import UserMixin, login_user
from locust import User, constant, events, task


class Visitor(User):
    wait_time = constant(1)

    @task
    def look(self):
        pass


class Member(UserMixin):
    def __init__(self, name):
        self.name = name

    def get_id(self):
        return self.name


@events.init.add_listener
def on_init(environment, web_ui, **_kwargs):
    web_ui.app.secret_key = "for tests alone"
    web_ui.login_manager.user_loader(lambda name: Member(name))
    web_ui.auth_args = {"username_password_callback": "/log-in"}

    @web_ui.app.route("/log-in", methods=["POST"])
    def log_in():
        login_user(Member("ann"))
        return redirect(url_for("locust.index"))

    @web_ui.app.route("/refuse", methods=["POST"])
    def refuse():
        session["auth_error"] = "who are you?"
        return redirect(url_for("locust.login"))

    @web_ui.app.route("/members")
    @web_ui.auth_required_if_enabled
    def members():
        return "welcome"
