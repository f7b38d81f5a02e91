"""Every way in but laying a file into the inbox by hand: command, desk, API, import, a scan
without a client.

Each of them writes a drop into the inbox, whole at once, and leaves the judging to intake: the
same rules hold, whoever brings it. Where somebody drops for another, the drop is recorded for
exactly these files.
"""
