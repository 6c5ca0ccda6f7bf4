import base64, hashlib, hmac, json, os, sqlite3, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

key = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))


def is_genuine(headers, body):
    sent_at = headers.get("webhook-timestamp", "")
    if not sent_at.isdecimal() or abs(time.time() - int(sent_at)) > 300:
        return False
    signed = f"{headers.get('webhook-id')}.{sent_at}.".encode() + body
    wanted = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    signatures = headers.get("webhook-signature", "").encode().split(b" ")
    return any([hmac.compare_digest(each, wanted) for each in signatures])


def credit(data):
    database = sqlite3.connect(os.environ["DATABASE"], timeout=10)
    try:
        with database:  # commits, or rolls back when something is raised
            paid = (data["order_no"], data["user_id"], data["amount"])
            done = database.execute("insert or ignore into credits values (?, ?, ?)", paid)
            if done.rowcount == 1:  # not the second of two
                database.execute(
                    "insert into accounts values (?, ?) on conflict (user_id)"
                    " do update set balance = balance + excluded.balance", paid[1:])
    finally:
        database.close()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            status = 204 if is_genuine(self.headers, body) else 401
            event = json.loads(body) if status == 204 else {}
            if event.get("type") == "order.paid":
                credit(event["data"])
        except Exception:
            status = 500  # budan sends it again
        self.send_response(status)
        self.end_headers()


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver).serve_forever()
