"""The order of event files: TensorBoard reads those of a folder by name."""

import time

from helpers.runs import open_writer, run_folder


def test_a_new_file_comes_after_those_of_other_processes():
    folder = run_folder("event_files/order")
    folder.mkdir(parents=True)
    # as a process would leave it that began in this very second; in text,
    # 999999999 comes after the number of any process
    second = int(time.time())
    name = f"events.out.tfevents.{second:010d}.zzz.999999999.0"
    (folder / name).touch()
    writer = open_writer("event_files/order")
    writer.close()
    assert sorted(file.name for file in folder.iterdir())[0] == name


def test_one_process_waits_for_nothing():
    began = time.perf_counter()
    for _ in range(3):
        open_writer("event_files/own").close()
    assert time.perf_counter() - began < 0.9
