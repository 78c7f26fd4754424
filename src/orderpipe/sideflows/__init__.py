"""
What comes from outside is recorded as a fact, in the transaction that ends the wait it answers; the stage then decides.
"""
