"""What every page of ours has: the gate of each request, headers, cookies, pages of lists, sending
files.

Who it is, and what is on a page, is the portal's or the desk's to say.
"""
