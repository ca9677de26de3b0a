"""gcloud, loaded once: a start of its own takes a second, a fork of this process a tenth of it.

The program, its parser and its requests are gcloud's own, found where it is installed. A command
arrives on a socket with its arguments, environment, folder and open files, and runs in a fork. What
a fork had to import is imported here as well, so the next one has it.

No name is looked up: every host is loopback, so nothing can reach Google by mistake, and a regional
endpoint (europe-west1-run...) is the recorder like all others.

Run as: python gcloud.py SDK_ROOT SOCKET
"""

import gc
import importlib
import json
import os
import select
import socket
import sys
import traceback

root, path = sys.argv[1:]
sys.path[:0] = [root + "/lib", root + "/lib/third_party"]
os.environ["CLOUDSDK_ROOT_DIR"] = root

resolve = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **named: resolve("127.0.0.1", *rest, **named)

from googlecloudsdk import gcloud_main  # noqa: E402


def run(command, files):
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.chdir(command["folder"])
    os.environ.clear()
    os.environ.update(command["environment"])
    sys.argv = [root + "/lib/gcloud.py", *command["arguments"]]
    try:
        gcloud_main.main()
        code = 0
    except SystemExit as exit:
        code = exit.code if isinstance(exit.code, int) else int(exit.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 70
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code


def serve(connection):
    sent, files, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    reader, writer = os.pipe()
    gc.freeze()  # a fork shares what it does not look through
    child = os.fork()
    if child == 0:
        gc.disable()
        known = set(sys.modules)
        code = run(json.loads(sent), files)
        with os.fdopen(writer, "w") as pipe:
            json.dump([code, [it for it in sys.modules if it not in known]], pipe)
        os._exit(0)
    os.close(writer)
    for file in files:
        os.close(file)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    code, learnt = json.loads(said) if said else [70, []]
    connection.sendall(str(code).encode())
    for module in learnt:
        try:
            importlib.import_module(module)
        except Exception:  # the commands themselves are no modules that can be found by name
            pass


with socket.socket(socket.AF_UNIX) as server:
    server.bind(path)
    server.listen()
    print("ready", flush=True)
    # stdin ends with the process that started this one
    while server in select.select([server, sys.stdin], [], [])[0]:
        accepted, _ = server.accept()
        with accepted:
            serve(accepted)
