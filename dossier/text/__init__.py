"""Words, names and times, before they mean anything.

The one clock, file names, YAML as it was typed, sentences and refusals. Pure but for the clock.
What is told to a person anywhere below the faces is a sentence in no language yet (sentences.py)
or a refusal with one (refusals.py); whoever shows it picks the language. That names and texts are
safe to print or to keep is asked here; what they are for is known above.
"""
