"""Readers: the text of one file in, as pieces of a gathering, whatever format it has.

They run in the process that texts_child.py is, with its limits, but for plain_text, which any
process may use. Each reads what a curious recipient could read, not only what is printed: comments,
headers, hidden sheets, properties, what was deleted under tracking, what is attached. The order of
the pieces matters little, but that a label (`KvK`) and what follows it stay side by side.

Left to others: what may become of a process here (texts_child.py), whose names are in the text
(directory.py), and what is done about a file that can't be read (items/suspicion.py).

Not read: what is encrypted, pictures unless OCR is on, formats that are nobody's papers.
"""
