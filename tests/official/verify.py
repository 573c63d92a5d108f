"""Reads a list of messages from standard input and judges each with the official library."""
import base64
import json
import sys

from standardwebhooks import Webhook

messages = json.load(sys.stdin)
for message in messages:
    try:
        Webhook(message["secret"]).verify(base64.b64decode(message["body"]).decode(), message["headers"])
        taken = True
    except Exception:
        taken = False
    if taken != message["genuine"]:
        sys.exit(f"{message['headers']['webhook-id']} is {'refused' if message['genuine'] else 'taken'}")
print(f"judged {len(messages)}")
