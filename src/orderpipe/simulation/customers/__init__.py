"""
The customers of both shops: each thing that they do about their orders has a module of its own.

They do it where people do: on the pages that their letters lead to, or in the web shop.
"""
