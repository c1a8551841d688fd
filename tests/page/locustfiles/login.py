"""A page that asks who you are, as a locustfile does it with --web-login."""

from flask import Blueprint, redirect, request, session, url_for
from flask_login import UserMixin, login_user
from locust import FastHttpUser, constant, events, task

blueprint = Blueprint("doors", __name__)


class Somebody(UserMixin):
    def __init__(self, name):
        self.id = name


@blueprint.route("/login_submit", methods=["POST"])
def login_submit():
    if request.form.get("password") != "secret":
        session["auth_error"] = "Wrong name or password"
        return redirect(url_for("locust.login"))
    login_user(Somebody(request.form["username"]))
    return redirect(url_for("locust.index"))


@events.init.add_listener
def doors(environment, **_):
    page = environment.web_ui
    if page is None:
        return
    page.app.config["SECRET_KEY"] = "for tests"
    page.login_manager.user_loader(Somebody)
    page.auth_args = {"username_password_callback": "/login_submit", "title": "Shop tests"}
    page.app.register_blueprint(blueprint)


class Shopper(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def browse(self):
        self.client.get("/products")
