"""
Files of orders, read as a stream and taken down group by group, with everything that stood in them accounted for.
"""
