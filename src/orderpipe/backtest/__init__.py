"""
Proof on real history: what orderpipe would have promised for orders long delivered, knowing only what was known when they were bought.
"""
