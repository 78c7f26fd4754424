"""
How long orders take from purchase to delivery, learned from those before: the buffer of a promise is measured, not guessed.

`facts` says what goes in, `learner` learns it day by day, `model` gives the dates; the other modules are the steps of learning.
"""
