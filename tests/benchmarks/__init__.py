"""
Tests of the measurements themselves: that they measure what they say, not how fast anything is.
"""
