"""What mails say: templates and values in, a letter in the reader's language out.

Pure but for reading the office's own templates and logo; one that is wrong keeps no mail back,
the usual letter goes instead and doctor tells. To whom a letter goes, and when, is known to the
outbox and to mail.
"""
