"""What a person reads: the facts of a run, each formatted once, and the limits they are held against."""
