"""The routes, a file for each noun: what each takes, what it answers, and which errors it knows."""
