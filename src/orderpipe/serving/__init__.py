"""
What every endpoint and every page is served with: one transaction a request, the request's instant, and hints after the commit.
"""
