"""Importing `helpers` only defines things: nothing is opened or written."""

import os
import pkgutil
import subprocess
import sys

import helpers

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(helpers.__path__, "helpers.")
)

WATCH = """
import importlib, os, sys

# What torch and its like do while they are imported is their business: load
# them first, then watch what the modules of the course do.
import fastapi, httpx, IPython.display, matplotlib.pyplot, torch, uvicorn
import torch.export, torch.utils.data, torch.utils.tensorboard, torchviz
import torch._inductor, torch.distributed.fsdp
import tqdm.auto, tqdm.notebook, tensorboard.manager
from tensorboard.backend.event_processing import event_accumulator
torch.accelerator.is_available()

seen = []

def watch(event, args):
    if event.startswith(("socket.", "subprocess.", "os.fork", "os.exec")):
        seen.append((event, str(args)[:80]))
    changes = "mkdir remove rename rmdir link symlink truncate system"
    if event in {f"os.{name}" for name in changes.split()}:
        seen.append((event, str(args)[:80]))
    if event.startswith(("tempfile.", "shutil.", "sqlite3.", "os.posix_spawn")):
        seen.append((event, str(args)[:80]))
    if event == "open":
        _, mode, flags = args  # os.open gives no mode
        writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
        if set(mode or "") & set("wax+") or flags & writes:
            seen.append((event, str(args)[:80]))

sys.addaudithook(watch)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(len(sys.argv[1:]), seen)
"""


def test_every_module_is_tried():
    assert "helpers.model_training.v6" in MODULES
    assert len(MODULES) > 30


def test_importing_opens_no_socket_starts_nothing_writes_nothing(tmp_path):
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")
    }
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCH, *MODULES],
        cwd=tmp_path,  # nothing may depend on where Python was started
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"{len(MODULES)} []"
    assert list(tmp_path.iterdir()) == []
