"""Sending what is in the outbox: at least once, and but for a crash in the dialogue exactly once.

Trouble with a mail is that mail's, trouble with the server is everybody's and uses up no
attempts. Whatever happens here, publishing goes on. What a mail says is made in
workflow/messages.
"""
