"""A program that answers on a port, as TensorBoard does or as it does not.

    python pretending.py ANSWER [tensorboard] [stubborn]

answers every GET with ANSWER, and prints its port. With ``stubborn`` it does
not end when it is asked to.
"""

import http.server
import signal
import sys


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers with the first argument of the program."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(sys.argv[1].encode())

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    if "stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
    print(server.server_port, flush=True)
    server.serve_forever()
