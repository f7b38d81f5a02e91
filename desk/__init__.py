"""The faces: the command line and the daemon. They parse, call one function below, and print."""
