"""A script of somebody, unchanged, under the watch."""

import textwrap

import pytest

from helpers.__main__ import main
from helpers.launching.watch import models_of

SCRIPT = """
import sys
import torch
from torch import nn
torch.manual_seed(0)
x = torch.randn(128, 4)
y = (x[:, 0] > 0).long()
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(30):
    i = torch.randint(128, (32,))
    # ZERO
    loss = nn.functional.cross_entropy(model(x[i]), y[i])
    loss.backward()
    optimizer.step()
print("done", __name__, sys.argv[1:])
# END
"""


def run(tmp_path, text, *arguments) -> int:
    path = tmp_path / "my_script.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return main(["watch", str(path), *arguments])


def test_a_sick_script_is_named(tmp_path, capsys):
    assert run(tmp_path, SCRIPT, "--rate", "3") == 0
    said = capsys.readouterr().out
    assert "done __main__ ['--rate', '3']" in said
    assert "Sequential with Adam" in said
    assert "After 30 updates: 1 fault." in said
    assert "Call optimizer.zero_grad() once per update" in said


def test_an_optimizer_made_anew_in_each_step_is_named(tmp_path, capsys):
    line = "optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)"
    anew = SCRIPT.replace("# ZERO", f"{line}; optimizer.zero_grad()")
    assert run(tmp_path, anew) == 0
    said = capsys.readouterr().out
    assert "other optimizers moved the parameters of the model" in said
    assert said.count("Sequential with Adam") == 1


def test_a_healthy_script_has_nothing_to_report(tmp_path, capsys):
    healthy = SCRIPT.replace("# ZERO", "optimizer.zero_grad()")
    assert run(tmp_path, healthy) == 0
    assert "After 30 updates: nothing to report." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("end", "status", "words"),
    [
        ("raise KeyboardInterrupt", 130, "Stopped by Ctrl-C."),
        ("sys.exit(3)", 3, ""),
        ("sys.exit('no')", 1, "no"),
        ("1 / 0", 1, "ZeroDivisionError"),
    ],
)
def test_the_report_comes_however_the_script_ends(
    tmp_path, capsys, end, status, words
):
    assert run(tmp_path, SCRIPT.replace("# END", end)) == status
    out, err = capsys.readouterr()
    assert "After 30 updates: 1 fault." in out
    assert words in err


def test_two_networks_against_each_other_are_watched_together(tmp_path, capsys):
    script = """
    import torch
    from torch import nn, optim
    torch.manual_seed(0)
    d, g = nn.Linear(2, 1), nn.Linear(3, 2)
    opt_d, opt_g = optim.SGD(d.parameters(), 0.1), optim.SGD(
        g.parameters(), 0.1)
    loss_fn = nn.BCEWithLogitsLoss()
    for _ in range(30):
        fake = g(torch.randn(16, 3))
        opt_d.zero_grad()
        a = loss_fn(d(torch.randn(16, 2) + 3), torch.ones(16, 1))
        (a + loss_fn(d(fake.detach()), torch.zeros(16, 1))).backward()
        opt_d.step()
        opt_g.zero_grad()
        loss_fn(d(fake), torch.ones(16, 1)).backward()
        opt_g.step()
    """
    assert run(tmp_path, script) == 0
    said = capsys.readouterr().out
    assert said.count("After 30 updates: nothing to report.") == 1
    assert "Linear, Linear with SGD" in said


def test_runs_one_after_the_other_have_reports_of_their_own(tmp_path, capsys):
    body = textwrap.indent(SCRIPT.strip().partition("\n")[2], "    ")
    script = f"import sys\nfor fold in range(2):\n{body}\n"
    assert run(tmp_path, script) == 0
    said = capsys.readouterr().out
    assert said.count("After 30 updates: 1 fault.") == 2


def test_what_cannot_be_watched_is_said(tmp_path, capsys):
    assert run(tmp_path, "print('hello')") == 0
    assert "nothing to watch" in capsys.readouterr().out
    script = """
    import torch
    w = torch.zeros(3, requires_grad=True)
    torch.optim.SGD([w], 0.1)
    """
    assert run(tmp_path, script) == 0
    assert "Not watched: 1 of 1 optimizers" in capsys.readouterr().out
    assert main(["watch", str(tmp_path / "none.py")]) == 2
    assert "There is no script" in capsys.readouterr().err


def test_the_outermost_module_is_found():
    import torch
    from torch import nn

    net = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2)))
    optimizer = torch.optim.SGD(net[1].parameters(), 0.1)
    assert models_of(optimizer) == [net]
