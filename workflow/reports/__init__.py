"""What is told of items: finding them, why one is not on the portal, proof, and data breaches.

Reads only, but for "looked at", which is noted, and for the drafts of the register of data
breaches. What a reader must not know of is left out by every question here, given what they may
know of (people.Readable).
"""
