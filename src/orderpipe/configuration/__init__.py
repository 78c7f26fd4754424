"""
The readable configuration file: what stands in it, what of it is wrong and in which line, and how it gets into the database and back.
"""
