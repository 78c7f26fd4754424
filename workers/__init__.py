"""
What runs under Celery: the tasks, the one path a batch takes, the sweep, the sender and the schedule.
"""
