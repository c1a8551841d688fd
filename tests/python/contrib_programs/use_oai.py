import os
import sys

os.environ["OPENAI_API_KEY"] = "a key"
os.environ["OPENAI_BASE_URL"] = sys.argv[1]

from observing import IS_OURS, finish, make_environment, step

from locust.contrib.oai import OpenAIClient, OpenAIUser
from openai import OpenAI

user = type("Asker", (OpenAIUser,), {})(make_environment())
client = user.client
QUESTION = {"model": "katydid-chat", "messages": [{"role": "user", "content": "hello"}]}


def renamed():
    with client.rename_request("a question"):
        client.get("/tokens", cast_to=object)


step(
    "what it is",
    lambda: (isinstance(client, OpenAIClient), isinstance(client, OpenAI), client.request_name),
    value=True,
)
step("tokens", lambda: client.get("/tokens", cast_to=object))
step("renamed", renamed)
step("not found", lambda: client.get("/missing", cast_to=object))
step("sent again", lambda: client.get("/broken", cast_to=object))
if IS_OURS:
    for path in ("/completion", "/list", "/text", "/no-usage"):
        step(path, lambda path=path: client.get(path, cast_to=object))
if IS_OURS and len(sys.argv) > 2:
    os.environ["OPENAI_BASE_URL"] = sys.argv[2]
    client = type("Asker", (OpenAIUser,), {})(user.environment).client
    step("a chat", lambda: client.chat.completions.create(**QUESTION).choices[0].message.content)
    step("an embedding", lambda: client.embeddings.create(model="katydid-embed", input="x"))
    step(
        "a stream", lambda: len(list(client.chat.completions.create(**QUESTION, stream=True))) > 1, value=True
    )
finish()
