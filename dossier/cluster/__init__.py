"""Several daemons at one office: who does what (claims.py), and which of them run (presence.py).

On SQLite there is one daemon, and a second is refused. On PostgreSQL each claims what it works
on, and a claim ends with the connection that holds it, so a daemon that died or hangs blocks
nobody for long.
"""
