"""A suite that adds to the page with Flask, in the ways that Locust's documentation shows."""

from flask import Blueprint, jsonify, make_response, request, url_for
from locust import User, constant, events, task

extend = Blueprint("extend", "extend_web_ui", url_prefix="/extended")


@extend.route("/numbers")
def numbers():
    return jsonify(
        {
            "home": url_for("locust.index"),
            "stats": url_for("locust.request_stats"),
            "q": request.args.get("q"),
        }
    )


@events.init.add_listener
def on_init(environment, **_kwargs):
    web_ui = environment.web_ui

    @web_ui.app.route("/hello")
    def hello():
        return "hello"

    @web_ui.app.route("/echo", methods=["POST"])
    def echo():
        answer = make_response(request.get_data(), 202)
        answer.set_cookie("seen", "1")
        return answer

    @web_ui.app.after_request
    def extend_stats(response):
        response.headers["X-Seen"] = "yes"
        if request.path == "/stats/requests":
            content = response.get_json()
            content["extended_stats"] = [{"key": "numbers", "data": [{"name": "a"}]}]
            response.set_data(jsonify(content).get_data())
        return response

    web_ui.app.register_blueprint(extend)


class Visitor(User):
    wait_time = constant(0.02)

    @task
    def look(self):
        self.environment.events.request.fire(
            request_type="GET", name="/", response_time=1, response_length=3, exception=None, context={}
        )
