"""The desk: the pages that staff work with. They call the actions; what is uploaded becomes a drop.

All of it works without a script. What a person may not know of is 404, in no list and in no
count.
"""
