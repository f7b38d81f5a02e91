"""Other processes: helpers with a backlog (pool.py), and where a file may do its worst (child.py).

Either may die at any moment. What is given to a helper is done again here if it dies; what a
hostile file does to a child ends the child. They never outlive the process that started them, and
none of them writes to the database.
"""
