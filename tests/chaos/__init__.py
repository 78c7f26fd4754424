"""
A long random mix of faults under load: `python -m tests.chaos --minutes 10 --seed 1`.
"""
