"""The portal as clients see it through our own web server.

Nobody sees anything without a session, and with one nothing but what is their clients'. No answer
tells whether an address, a client or an item exists. A file is sent only after its opening is in
the trail.
"""
