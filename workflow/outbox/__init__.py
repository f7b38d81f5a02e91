"""Who is to be told what, and what is wrong around the office (alarms.py).

A mail is a row, written in the transaction of the change it tells of. So no change is told twice
or not at all, and nothing is sent of what was rolled back. What the letter says and whether it
may still go is found out when it is sent (workflow/mail). An alarm is raised once for a cause,
and again when it is over.
"""
