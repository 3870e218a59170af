"""Read the signed logs: checkpoints, tiles, proofs and public keys."""
