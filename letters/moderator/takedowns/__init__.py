"""Taking a letter down, with a statement of reasons, an appeal and a restoration."""
