"""
The rules, pure: facts go in, decisions come out; no SQL, no network, no clock.
"""
