"""
How fast orderpipe is, measured on this machine in one run against what it is compared with.
"""
