"""Arguments of the locustfile's own, from the command line and from a variable."""

# /// facts
# args = "-u 1 -t 1s --greeting hello --flag"
# env = { LOCUST_NUMBER = "7", LOCUST_USERS = "5" }
# facts = [
#     "hello 7 True default 1 1",
#     "ui: ['flag', 'greeting', 'number', 'other', 'secret']",
#     "secret: ['secret']",
# ]
# shows = "locust.argument_parser.LocustArgumentParser.add_argument"
# ///

from locust import User, constant, events, task


@events.init_command_line_parser.add_listener
def add_arguments(parser):
    parser.add_argument("--greeting", type=str, default="none", env_var="LOCUST_GREETING", help="a greeting")
    parser.add_argument("--number", type=int, default=1, env_var="LOCUST_NUMBER")
    parser.add_argument("--flag", action="store_true")
    parser.add_argument("--other", default="default", is_required=True)
    parser.add_argument("--hidden", default="hidden", include_in_web_ui=False)
    parser.add_argument("--secret", default="s", is_secret=True)


@events.init.add_listener
def show(environment, **kwargs):
    from locust.argument_parser import ui_extra_args_dict

    options = environment.parsed_options
    print(
        "fact",
        options.greeting,
        options.number,
        options.flag,
        options.other,
        options.num_users,
        options.run_time,
    )
    extra = ui_extra_args_dict()
    print("fact ui:", sorted(extra))
    print("fact secret:", sorted(name for name, entry in extra.items() if entry["is_secret"]))


class Greeter(User):
    wait_time = constant(0.5)

    @task
    def idle(self):
        pass
