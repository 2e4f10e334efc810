"""The performance suite: the site against a floor on the same server and database.

`python -m bench` prints ratios, taken in turns in one run, and writes `bench/results.json`.
"""
