"""Who is let in to the web portal and the desk by a mailed link, and what a client opened there.

Links and sessions are kept as hashes. Whose session it is is asked of config/ at every click, so
whoever is taken out of it is out at once. No answer tells whether an address is known. The pages
are made in desk/web.
"""
