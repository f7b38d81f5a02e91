"""The faces: command line, pages, API, daemon. Each calls one action, and shows what comes back."""
