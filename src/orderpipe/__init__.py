"""
Order processing from arrival to thank-you letter; the map of it is `flow.py`.
"""
