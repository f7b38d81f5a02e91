"""The API for programs: JSON over the same actions as the command line and the desk.

A program brings a key (desk/actions/tokens.py) and may no more than the person it acts for. What is
refused is problem+json (RFC 9457) with the sentence that the command line would print. The routes
stand in one table (routes.py), of which the OpenAPI document is made, too.
"""
