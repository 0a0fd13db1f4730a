"""What a program holds: the array class, batched values, and the door by which foreign values come in."""
