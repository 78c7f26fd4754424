"""
The customers of both shops: what they do about their orders, each thing in a module of its own, all of it on the pages their letters
lead to.
"""
