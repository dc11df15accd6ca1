"""`openai:NAME@URL`: any endpoint that speaks the chat-completions protocol, near or far.

openai:qwen2.5-72b@http://localhost:8000/v1?concurrency=32
openai:gpt-4o@https://api.example.org/v1?key=MY_KEY&price_in=2.5&price_out=10
"""

from medspec.backends.base import Scheme
from medspec.backends.openai.backend import ABILITIES, abilities_at, open_model

SCHEME = Scheme(
    "openai",
    "an endpoint that speaks the chat-completions protocol: `openai:NAME@URL`",
    open_model,
    ABILITIES,
    abilities_at,
)
