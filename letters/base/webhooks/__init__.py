"""Write down what webhooks must be told."""
