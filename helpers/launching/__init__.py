"""What a terminal starts: training runs and predictions, by name.

Here belongs what reads a command line, keeps its options beside the model,
resumes a run, and says in one sentence what went wrong. How data are read,
prepared and trained on does not belong here: the command puts together the
stages of the pipeline, as a page does.

* `options`: the options, in frozen dataclasses; `command_line` reads them;
* `tasks`: what can be trained on, put together from the stages;
* `run_files`: the two files of a run that a prediction needs;
* `training` and `train`, `predicting` and `predict`: the two commands;
* `run_builder` and `run_manager`: the runs of a grid, and their record;
* `sweep_config`, `sweep_workers`, `sweep_results` and `sweep`: a grid of runs
  side by side, as a command;
* `together`: what several processes of one run agree on before it starts;
* `watch`: somebody's script, unchanged, under the watch of `helpers.clinic`.
"""
