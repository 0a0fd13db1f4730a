"""What is done with a tape: gradients, Jacobians, vmap, custom rules, checkpoints, and looking inside."""
