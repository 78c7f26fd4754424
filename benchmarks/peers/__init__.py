"""
The peers: the same orders taken through the same stages as one would write it by hand, one order a message, with other tools.
"""
