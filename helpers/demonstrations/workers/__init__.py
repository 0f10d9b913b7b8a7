"""Programs for several processes, each shown whole on a page.

``torchrun --nproc-per-node 2 helpers/demonstrations/workers/ranks.py`` runs
one of them. They are programs, not modules: nothing imports them.
"""
