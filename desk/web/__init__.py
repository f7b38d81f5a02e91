"""The web servers: the portal for clients, the desk for staff, the API for programs.

What every request goes through is in shell/. Stopping takes seconds at most; what is left to a
web server in front is TLS and standing up to floods.
"""
