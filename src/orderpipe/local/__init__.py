"""
Everything orderpipe runs on one machine by itself: private servers, the supervisor behind `orderpipe up`, and catchers for mail and SMS.

A newcomer needs neither PostgreSQL nor Redis installed; in production none of this package is used.
"""
