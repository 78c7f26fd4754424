"""
The customers' pages: plain HTML that works on any phone without JavaScript, in the language of the order.

A page is opened by the link in a message; its token is the right to see and to answer, so it is kept out of logs and search engines.
"""
