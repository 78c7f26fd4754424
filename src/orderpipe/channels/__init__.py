"""
The ways out to people: what a letter says in each language, and how e-mail and SMS carry it.
"""
